namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Who computes which panel: each worker its own range of neighbours, first to last, and then what others have not begun.</summary>
/// <remarks>Panels that a worker takes lie behind one another in memory, so what is asked for ahead at the end of one is the start of its next.</remarks>
internal readonly unsafe struct PanelClaims
{
    private const int CacheLine = 64 / sizeof(long);

    private readonly long* _taken; // of each range, on a cache line of its own
    private readonly int _workers;
    private readonly long _panels;

    /// <summary>Starts with none taken.</summary>
    /// <param name="memory">[<see cref="Floats"/>] for as long as the job runs.</param>
    /// <param name="workers">Ranges.</param>
    /// <param name="panels">Panels of all ranges.</param>
    internal PanelClaims(float* memory, int workers, long panels)
    {
        _taken = (long*)memory;
        (_workers, _panels) = (workers, panels);
        new Span<long>(_taken, workers * CacheLine).Clear();
    }

    /// <summary>Floats that the claims of so many workers take.</summary>
    internal static int Floats(int workers) => workers * CacheLine * sizeof(long) / sizeof(float);

    /// <summary>The next panel for <paramref name="worker"/>, or −1.</summary>
    internal long Next(int worker)
    {
        for (int i = 0; i < _workers; i++)
        {
            int range = (worker + i) % _workers;
            long panel = (_panels * range / _workers) + Interlocked.Increment(ref _taken[range * CacheLine]) - 1;
            if (panel < _panels * (range + 1) / _workers)
            {
                return panel;
            }
        }

        return -1;
    }
}
