using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>Native memory of exact sizes for interpreted kernels: what is outside is a fault.</summary>
internal sealed unsafe class GuardedMemory : IDisposable
{
    private readonly List<(nint Start, int Bytes)> _owned = [];

    /// <summary>What the interpreter may use.</summary>
    internal MachineMemory Ranges { get; } = new();

    /// <summary>Zeros.</summary>
    internal byte* Bytes(long count)
    {
        byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)count, 64);
        new Span<byte>(start, (int)count).Clear();
        _owned.Add(((nint)start, (int)count));
        Ranges.Allow(start, count);
        return start;
    }

    /// <summary>Normally distributed numbers.</summary>
    internal float* Floats(long count, int seed)
    {
        float* start = (float*)Bytes(count * sizeof(float));
        TestData.Normal((int)count, seed).CopyTo(new Span<float>(start, (int)count));
        return start;
    }

    /// <summary>The same in bfloat16.</summary>
    internal ushort* BF16(long count, int seed)
    {
        ushort* start = (ushort*)Bytes(count * sizeof(ushort));
        float[] numbers = TestData.Normal((int)count, seed);
        for (int i = 0; i < count; i++)
        {
            start[i] = (ushort)(BitConverter.SingleToUInt32Bits(numbers[i]) >> 16);
        }

        return start;
    }

    /// <summary>Allows memory of others.</summary>
    internal void Allow(byte* start, int bytes) => Ranges.Allow(start, bytes, isWritable: false);

    /// <summary>Runs code by the interpreter.</summary>
    internal X64Machine Interpret(Action<Assembler> write, void* arguments, int argumentBytes)
    {
        Assembler assembler = new();
        write(assembler);
        Ranges.Allow(arguments, argumentBytes);
        X64Machine machine = new(assembler.Assemble(), Ranges);
        machine.Call(arguments);
        return machine;
    }

    /// <summary>Runs code by the processor and by the interpreter from the same start; everything must be the same at the end.</summary>
    internal void CheckBothWays(Action<Assembler> write, void* arguments, int argumentBytes)
    {
        List<byte[]> before = Contents(arguments, argumentBytes);
        Assembler assembler = new();
        write(assembler);
        ((delegate* unmanaged<void*, void>)ExecutableMemory.Place(assembler.Assemble()))(arguments);
        List<byte[]> native = Contents(arguments, argumentBytes);
        Restore(before, arguments);
        Interpret(write, arguments, argumentBytes).Dispose();
        List<byte[]> interpreted = Contents(arguments, argumentBytes);
        Assert.That(native.Zip(before).Any(p => !p.First.AsSpan().SequenceEqual(p.Second)), "the kernel does something");
        Assert.That(interpreted, Is.EqualTo(native));
    }

    public void Dispose()
    {
        foreach ((nint start, _) in _owned)
        {
            NativeMemory.AlignedFree((void*)start);
        }
    }

    private List<byte[]> Contents(void* arguments, int argumentBytes) =>
        [new Span<byte>(arguments, argumentBytes).ToArray(), .. _owned.Select(o => new Span<byte>((void*)o.Start, o.Bytes).ToArray())];

    private void Restore(List<byte[]> contents, void* arguments)
    {
        contents[0].CopyTo(new Span<byte>(arguments, contents[0].Length));
        foreach (((nint start, int bytes), byte[] content) in _owned.Zip(contents.Skip(1)))
        {
            content.CopyTo(new Span<byte>((void*)start, bytes));
        }
    }
}
