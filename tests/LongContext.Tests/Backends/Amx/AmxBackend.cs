using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tests.Backends.MachineCode.Interpreter;

namespace LongContext.Tests.Backends.Amx;

/// <summary>Backends with tile registers: the processor's, or the interpreter's where it has none.</summary>
internal static class AmxBackend
{
    private static readonly Lazy<AmxKernels?> Native = new(() =>
    {
        string? given = Environment.GetEnvironmentVariable(MachineCodeSwitch.AmxVariable);
        Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, null);
        AmxKernels? kernels = AmxKernels.Find();
        Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, given);
        return kernels;
    });

    /// <summary>Whether the processor runs the kernels.</summary>
    internal static bool IsNative => Native.Value is not null;

    internal static CpuBackend Create(int threads) =>
        new(threads, SimdWidth.Bits512, ModelPrecision.Auto, CorePinning.None, Native.Value ?? InterpretedAmx.Kernels());
}
