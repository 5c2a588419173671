namespace LongContext.Distributed.Tcp;

/// <summary>Bytes waiting to be sent, in one array that is reused and grows to the most that ever waited.</summary>
internal sealed class ByteQueue
{
    private byte[] _bytes = new byte[1024];
    private int _start;
    private int _end;

    internal bool IsEmpty => _start == _end;

    /// <summary>What waits.</summary>
    internal ReadOnlySpan<byte> Waiting => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Adds <paramref name="count"/> bytes for the caller to write.</summary>
    internal Span<byte> Add(int count)
    {
        if (_end + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _end + count));
        }

        _end += count;
        return _bytes.AsSpan(_end - count, count);
    }

    /// <summary>The first <paramref name="count"/> have been sent.</summary>
    internal void Remove(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    internal void Clear() => (_start, _end) = (0, 0);
}
