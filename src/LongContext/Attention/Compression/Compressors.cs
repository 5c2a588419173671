using LongContext.Backends;

namespace LongContext.Attention.Compression;

/// <summary>From options to a compressor: the one switch.</summary>
internal static class Compressors
{
    /// <summary>What the options mean where they leave it open.</summary>
    internal static CompressorKind Resolve(ApproximateAttentionOptions options) =>
        options.Compressor ?? (options.RetainingHeadsPath is null ? CompressorKind.Distinct : CompressorKind.RetainingHeads);

    /// <summary>Makes one; null when nothing is passed on.</summary>
    /// <exception cref="ModelFormatException">The retaining heads are malformed, or another model's.</exception>
    internal static ICompressor? Create(ApproximateAttentionOptions options, AttentionModel model, IBackend backend, int maxRows)
    {
        switch (Resolve(options))
        {
            case CompressorKind.None: return null;
            case CompressorKind.Distinct: return new DistinctCompressor(backend, model);
            case CompressorKind.QueryAware: return new QueryAwareCompressor(backend, model);
            case CompressorKind.Recent: return new RecentCompressor();
            case CompressorKind.Random: return new RandomCompressor(options.Seed);
            case CompressorKind.RetainingHeads:
                using (RetainingHeadTensors tensors = RetainingHeadTensors.Open(options.RetainingHeadsPath!, model))
                {
                    return new RetainingHeads(tensors, model, backend, maxRows);
                }

            default: throw new ArgumentOutOfRangeException(nameof(options), options.Compressor, "Not a compressor.");
        }
    }
}
