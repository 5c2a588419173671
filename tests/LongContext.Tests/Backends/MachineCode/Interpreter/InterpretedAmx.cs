using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>The generated tile kernels as a backend calls them, each call run by the interpreter: whole operations on a machine without tiles.</summary>
internal static unsafe class InterpretedAmx
{
    private static readonly ConcurrentQueue<Exception> Faults = [];
    private static readonly byte[][] Codes = AmxKernels.Codes();
    private static readonly Lazy<AmxKernels> Placed = new(Place);

    [ThreadStatic]
    private static X64Machine?[]? _machines;

    private static long _calls;

    /// <summary>The kernels; ignores the test where no code can be placed.</summary>
    internal static AmxKernels Kernels()
    {
        Assume.That(ExecutableMemory.IsSupported && System.Runtime.Intrinsics.X86.Avx512BW.IsSupported, "another machine");
        return Placed.Value;
    }

    /// <summary>Calls so far.</summary>
    internal static long Calls => Interlocked.Read(ref _calls);

    /// <summary>Fails if the interpreter met anything that it refuses.</summary>
    internal static void RequireNoFaults()
    {
        Exception[] faults = [.. Faults];
        Faults.Clear();
        Assert.That(faults, Is.Empty);
    }

    private static AmxKernels Place()
    {
        void** entries = (void**)NativeMemory.Alloc((nuint)Codes.Length, (nuint)sizeof(void*));
        for (int i = 0; i < Codes.Length; i++)
        {
            // mov esi, i; mov rax, the dispatcher; jmp rax
            byte[] stub = [0xBE, 0, 0, 0, 0, 0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xE0];
            BinaryPrimitives.WriteInt32LittleEndian(stub.AsSpan(1), i);
            BinaryPrimitives.WriteInt64LittleEndian(stub.AsSpan(7), (long)(delegate* unmanaged<void*, int, void>)&Dispatch);
            entries[i] = ExecutableMemory.Place(stub);
        }

        return new AmxKernels(entries);
    }

    [UnmanagedCallersOnly]
    private static void Dispatch(void* arguments, int index)
    {
        try
        {
            Interlocked.Increment(ref _calls);
            _machines ??= new X64Machine?[Codes.Length];
            (_machines[index] ??= new X64Machine(Codes[index], MachineMemory.Unbounded)).Call(arguments);
        }
#pragma warning disable CA1031 // no exception may cross unmanaged code; the test asks for it
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Faults.Enqueue(exception);
        }
    }
}
