using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Engine.Ranks;

/// <summary>What rank 0 tells all ranks before each step: integers, a header of fixed size and then as many as it says.</summary>
/// <remarks>
/// Header: kind, integers that follow. Step: released sequences' count and numbers; chunks' count; for each: number, start, count, outputs,
/// context length, prompt length, count of new token ids, the ids. Numbers of 64 bits are two integers, the lower first. A chunk that
/// starts at 0 starts its sequence anew.
/// </remarks>
internal sealed class StepDescriptor(ICommunicator communicator) : IDisposable
{
    private readonly CommBuffer _header = communicator.Allocate(2 * sizeof(int));
    private readonly List<int> _written = [];
    private CommBuffer _payload = communicator.Allocate(4096);
    private int _read;

    /// <summary>Begins another; rank 0.</summary>
    internal void Clear() => _written.Clear();

    /// <summary>Adds a number; rank 0.</summary>
    internal void Write(int value) => _written.Add(value);

    /// <summary>Adds a number of 64 bits; rank 0.</summary>
    internal void Write(long value)
    {
        _written.Add((int)value);
        _written.Add((int)(value >> 32));
    }

    /// <summary>Adds token ids; rank 0.</summary>
    internal void Write(ReadOnlySpan<int> values) => _written.AddRange(values);

    /// <summary>The next number.</summary>
    internal int ReadInt() => _payload.Span<int>()[_read++];

    /// <summary>The next number of 64 bits.</summary>
    internal long ReadLong()
    {
        uint low = (uint)ReadInt();
        return ((long)ReadInt() << 32) | low;
    }

    /// <summary>The next token ids; valid until the next step.</summary>
    internal ReadOnlySpan<int> Read(int count)
    {
        _read += count;
        return _payload.Span<int>().Slice(_read - count, count);
    }

    /// <summary>Tells all ranks what was written; rank 0. It can be read here then, as on the others.</summary>
    internal void Send(StepKind kind, uint step)
    {
        int count = kind == StepKind.Step ? _written.Count : 0;
        (_header.Span<int>()[0], _header.Span<int>()[1]) = ((int)kind, count);
        communicator.Broadcast(_header.Region(ElementKind.Byte), 0, new CommTag(step, 0, CommPhase.Control, 0)).Wait();
        Reserve(count);
        CollectionsMarshal.AsSpan(_written)[..count].CopyTo(_payload.Span<int>());
        Transfer(count, step);
    }

    /// <summary>Waits for rank 0; other ranks.</summary>
    internal StepKind Receive(uint step)
    {
        communicator.Broadcast(_header.Region(ElementKind.Byte), 0, new CommTag(step, 0, CommPhase.Control, 0)).Wait();
        int count = _header.Span<int>()[1];
        Reserve(count);
        Transfer(count, step);
        return (StepKind)_header.Span<int>()[0];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _header.Dispose();
        _payload.Dispose();
    }

    private void Reserve(int ints)
    {
        long bytes = (long)ints * sizeof(int);
        if (_payload.ByteCount < bytes)
        {
            _payload.Dispose();
            _payload = communicator.Allocate(Math.Max(bytes, 2 * _payload.ByteCount));
        }
    }

    private void Transfer(int ints, uint step)
    {
        _read = 0;
        if (ints > 0)
        {
            CommRegion region = _payload.Region(ElementKind.Byte).Slice(0, (long)ints * sizeof(int));
            communicator.Broadcast(region, 0, new CommTag(step, 0, CommPhase.Control, 1)).Wait();
        }
    }
}
