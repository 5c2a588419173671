using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>The same laws where the precision is the machine's choice; products of exactly the operands that the choice rounds to.</summary>
[TestFixture]
internal sealed class CpuBackendAutoConformanceTests : BackendConformance
{
    protected override IBackend Create() => new CpuBackend(threads: 3, ModelPrecision.Auto);

    protected override double LinearOperand(double value, DType weight) =>
        BF16Kernels.Find() is null || weight is DType.F32 or DType.F16 ? value : BitConverter.UInt32BitsToSingle((uint)NearestBF16(value) << 16);

    protected override bool RoundsAttention(DType cache, int headDim) =>
        AttentionKernels.Find() is not null && cache == DType.BF16 && headDim % 2 == 0;

    /// <summary>By search, not by the bits' arithmetic: the nearest of the neighbours, the even one of two equally near.</summary>
    private static ushort NearestBF16(double value)
    {
        ushort cut = (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);
        double Error(ushort bits) => Math.Abs(BitConverter.UInt32BitsToSingle((uint)bits << 16) - (double)(float)value);
        ushort next = (ushort)(cut + 1);
        return Error(next) < Error(cut) || (Error(next) == Error(cut) && next % 2 == 0) ? next : cut;
    }
}
