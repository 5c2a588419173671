using LongContext.Attention.Compression;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;

namespace LongContext.Attention;

/// <summary>From options to a method: the one switch.</summary>
internal static class AttentionMethods
{
    /// <summary>Makes a method that has no options.</summary>
    internal static IAttentionMethod Create(AttentionMethod method) => method switch
    {
        AttentionMethod.Full => new FullAttention(),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not an attention method without options."),
    };

    /// <summary>Makes a method.</summary>
    /// <param name="method">Which one.</param>
    /// <param name="options">Validated; for approximate methods.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cache">The cache; its last pages belong to the method, as many as <see cref="PrefillGeometry.ScratchPages"/> says.</param>
    /// <param name="scratchPages">How many those are.</param>
    /// <param name="chunkSize">Most rows of a prompt in one pass.</param>
    /// <exception cref="ModelFormatException">Retaining heads are malformed, or another model's.</exception>
    internal static IAttentionMethod Create(
        AttentionMethod method, ApproximateAttentionOptions options, AttentionModel model, IBackend backend, KVCacheShape cache, int scratchPages,
        int chunkSize)
    {
        if (method == AttentionMethod.Full)
        {
            return Create(method);
        }

        ICompressor? compressor = method == AttentionMethod.Star ? null : Compressors.Create(options, model, backend, chunkSize);
        return new ApbAttention(
            new ApproximateReading(method, options, model, cache.PageSize), model, compressor, backend,
            new ScratchPages(cache.Pages - scratchPages, cache.PageSize), chunkSize);
    }
}
