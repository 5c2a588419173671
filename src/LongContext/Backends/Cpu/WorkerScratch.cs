namespace LongContext.Backends.Cpu;

/// <summary>Equal shares of one buffer, one share a worker, for what a kernel keeps between its loops.</summary>
internal readonly unsafe struct WorkerScratch
{
    private const int CacheLine = 64 / sizeof(float);

    private readonly float* _start;
    private readonly long _stride;

    /// <summary>Makes room for <paramref name="floats"/> a worker; earlier shares of the buffer are gone.</summary>
    internal WorkerScratch(NativeBuffer<float> buffer, int workers, long floats)
    {
        _stride = (floats + CacheLine - 1) / CacheLine * CacheLine;
        _start = buffer.Reserve(_stride * workers);
    }

    /// <summary>The share of <paramref name="worker"/>, on a cache line of its own.</summary>
    internal float* this[int worker] => _start + (worker * _stride);
}
