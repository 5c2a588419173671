namespace LongContext;

/// <summary>What a session will need, in bytes; over ranks, what each rank needs.</summary>
/// <param name="WeightBytes">Weights, mapped or repacked. Ranks in one process share them.</param>
/// <param name="KVCacheBytes">Cached keys and values of the whole context; over ranks, of one rank's part of it.</param>
/// <param name="ActivationBytes">Scratch of one step.</param>
public readonly record struct MemoryEstimate(long WeightBytes, long KVCacheBytes, long ActivationBytes)
{
    private readonly int _moreRanks;

    /// <summary>Ranks that need as much each.</summary>
    public int Ranks
    {
        get => _moreRanks + 1;
        init => _moreRanks = value - 1;
    }

    /// <summary>The sum for one rank.</summary>
    public long TotalBytes => WeightBytes + KVCacheBytes + ActivationBytes;
}
