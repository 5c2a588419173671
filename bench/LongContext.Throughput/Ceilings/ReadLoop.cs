using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LongContext.Throughput.Ceilings;

/// <summary>Reads memory no cache holds: 512 MB a thread in turns of 64 MB, four streams at once.</summary>
internal sealed unsafe class ReadLoop : ICeilingLoop, IDisposable
{
    private const long BytesPerTurn = 64L << 20;
    private const int Turns = 8;
    private readonly byte*[] _buffers;
    private readonly int[] _turns;
    private int _sink;

    internal ReadLoop(int threads)
    {
        _buffers = new byte*[threads];
        _turns = new int[threads];
        for (int i = 0; i < threads; i++)
        {
            _buffers[i] = (byte*)NativeMemory.AlignedAlloc((nuint)(BytesPerTurn * Turns), 4096);
            for (int turn = 0; turn < Turns; turn++)
            {
                new Span<byte>(_buffers[i] + (turn * BytesPerTurn), (int)BytesPerTurn).Fill(1); // a page never written is one shared page of zeros
            }
        }
    }

    /// <inheritdoc/>
    public double Run(int index)
    {
        long turn = _turns[index]++ % Turns;
        _sink = Read(_buffers[index] + (turn * BytesPerTurn), BytesPerTurn);
        return BytesPerTurn;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (byte* buffer in _buffers)
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    /// <summary>Keeps the work from being optimised away.</summary>
    public override string ToString() => $"{_sink}";

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Read(byte* start, long bytes)
    {
        long stream = bytes / 4;
        byte* p0 = start, p1 = start + stream, p2 = p1 + stream, p3 = p2 + stream;
        Vector512<int> c0 = default, c1 = c0, c2 = c0, c3 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0;
        for (long i = 0; i < stream; i += 128)
        {
            c0 ^= Vector512.Load((int*)(p0 + i));
            d0 ^= Vector512.Load((int*)(p0 + i + 64));
            c1 ^= Vector512.Load((int*)(p1 + i));
            d1 ^= Vector512.Load((int*)(p1 + i + 64));
            c2 ^= Vector512.Load((int*)(p2 + i));
            d2 ^= Vector512.Load((int*)(p2 + i + 64));
            c3 ^= Vector512.Load((int*)(p3 + i));
            d3 ^= Vector512.Load((int*)(p3 + i + 64));
        }

        return Vector512.Sum(c0 + c1 + c2 + c3 + d0 + d1 + d2 + d3);
    }
}
