namespace LongContext;

/// <summary>What a session will need, in bytes.</summary>
/// <param name="WeightBytes">Weights, mapped or repacked.</param>
/// <param name="KVCacheBytes">Cached keys and values of the whole context.</param>
/// <param name="ActivationBytes">Scratch of one step.</param>
public readonly record struct MemoryEstimate(long WeightBytes, long KVCacheBytes, long ActivationBytes)
{
    /// <summary>The sum.</summary>
    public long TotalBytes => WeightBytes + KVCacheBytes + ActivationBytes;
}
