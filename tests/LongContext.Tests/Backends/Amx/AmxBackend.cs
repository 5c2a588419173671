using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using NUnit.Framework;

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
        new(threads, SimdWidth.Bits512, ModelPrecision.Auto, CorePinning.None, Kernels());

    /// <summary>The kernels alone; ignores the test where nobody can run them.</summary>
    internal static AmxKernels Kernels() => Native.Value ?? InterpretedAmx.Kernels();

    /// <summary>Kernels that return at once: for tests of what is around them.</summary>
    internal static unsafe AmxKernels IdleKernels()
    {
        int count = AmxKernels.Codes().Length;
        void** entries = (void**)NativeMemory.Alloc((nuint)count, (nuint)sizeof(void*));
        new Span<nint>(entries, count).Fill((nint)ExecutableMemory.Place([0xC3]));
        Assume.That(entries[0] != null && Avx512BW.IsSupported, "another machine");
        return new AmxKernels(entries);
    }
}
