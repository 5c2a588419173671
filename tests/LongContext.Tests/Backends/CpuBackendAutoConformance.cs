using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;

namespace LongContext.Tests.Backends;

/// <summary>The same laws where the precision is the machine's choice; products of exactly the operands that the choice rounds to.</summary>
internal abstract class CpuBackendAutoConformance : BackendConformance
{
    protected override double LinearOperand(double value, DType weight) =>
        BF16Kernels.Find() is null || weight is DType.F32 or DType.F16 || IsInBytes(weight) ? value : BitConverter.UInt32BitsToSingle((uint)NearestBF16(value) << 16);

    protected override double[] LinearInputs(float[] x, DType weight) =>
        IsInBytes(weight) ? [.. x.Chunk(32).SelectMany(Nearest127ths)] : base.LinearInputs(x, weight);

    private static bool IsInBytes(DType weight) => Int8Kernels.Find() is not null && weight is not (DType.F32 or DType.F16 or DType.BF16);

    /// <summary>Each value as the nearest of 255 that are equally far apart, the outermost being the largest magnitude.</summary>
    private static IEnumerable<double> Nearest127ths(float[] block)
    {
        double largest = block.Max(value => Math.Abs((double)value));
        return block.Select(value => largest == 0 ? 0 : Math.Round(value / largest * 127) / 127 * largest);
    }

    protected override bool RoundsAttention(DType cache, int headDim) =>
        AttentionKernels.Find() is not null && cache == DType.BF16 && headDim % 2 == 0;

    protected override bool HasAttentionInBytes(int pageSize) => ByteAttentionKernels.Find() is not null && pageSize == BytePage.Keys;

    /// <summary>By search, not by the bits' arithmetic: the nearest of the neighbours, the even one of two equally near.</summary>
    private static ushort NearestBF16(double value)
    {
        ushort cut = (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);
        double Error(ushort bits) => Math.Abs(BitConverter.UInt32BitsToSingle((uint)bits << 16) - (double)(float)value);
        ushort next = (ushort)(cut + 1);
        return Error(next) < Error(cut) || (Error(next) == Error(cut) && next % 2 == 0) ? next : cut;
    }
}
