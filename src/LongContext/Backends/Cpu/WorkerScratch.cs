namespace LongContext.Backends.Cpu;

/// <summary>Equal shares of one buffer, one share a worker, for what a kernel keeps between its loops.</summary>
internal readonly unsafe struct WorkerScratch
{
    private const int CacheLine = 64 / sizeof(float);

    private readonly float* _start;
    private readonly long _stride;

    /// <summary>Makes room for <paramref name="floats"/> a worker and <paramref name="shared"/> for all; earlier shares of the buffer are gone.</summary>
    internal WorkerScratch(NativeBuffer<float> buffer, int workers, long floats, long shared = 0)
    {
        _stride = WholeLines(floats);
        Shared = buffer.Reserve(WholeLines(shared) + (_stride * workers));
        _start = Shared + WholeLines(shared);
    }

    /// <summary>What all workers see.</summary>
    internal float* Shared { get; }

    /// <summary>The share of <paramref name="worker"/>, on a cache line of its own.</summary>
    internal float* this[int worker] => _start + (worker * _stride);

    private static long WholeLines(long floats) => (floats + CacheLine - 1) / CacheLine * CacheLine;
}
