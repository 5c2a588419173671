using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>The laws of <see cref="CpuBackendAutoConformance"/> with attention by tile registers: by the processor where it has them, else interpreted.</summary>
/// <remarks>Linear layers of so few rows are not for tiles: see <see cref="LinearAmxTests"/>.</remarks>
[TestFixture]
internal sealed class CpuBackendAmxConformanceTests : CpuBackendAutoConformance
{
    private long _calls;

    protected override IBackend Create() => AttentionKernels.FindAny() is null ? new CpuBackend(threads: 3, ModelPrecision.Auto) : AmxBackend.Create(threads: 3);

    [OneTimeSetUp]
    public void Count() => _calls = InterpretedAmx.Calls;

    [OneTimeTearDown]
    public void RequireCalls() => Assert.That(AmxBackend.IsNative || AttentionKernels.FindAny() is null || InterpretedAmx.Calls > _calls, "tiles were used");

    [TearDown]
    public void Check() => InterpretedAmx.RequireNoFaults();

    protected override bool RoundsAttention(DType cache, int headDim) =>
        base.RoundsAttention(cache, headDim) || (cache == DType.BF16 && headDim % 16 == 0 && AttentionKernels.FindAny() is not null);
}
