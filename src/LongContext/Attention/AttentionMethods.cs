using LongContext.Attention.Compression;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;

namespace LongContext.Attention;

/// <summary>From options to a method: the one switch.</summary>
internal static class AttentionMethods
{
    /// <summary>Whether the method always divides steps among ranks, if only one; an approximate one does where there are ranks.</summary>
    internal static bool RunsOverRanks(AttentionMethod method) =>
        method is AttentionMethod.Ring or AttentionMethod.RingZigzag or AttentionMethod.Ulysses or AttentionMethod.Usp;

    /// <summary>Ranks that divide the heads among them, so that at most the query heads; 1 for methods that do not.</summary>
    internal static int RanksOfHeads(AttentionMethod method, int ranks, int kvHeads) => method switch
    {
        AttentionMethod.Ulysses => ranks,
        AttentionMethod.Usp => UlyssesAttention.GroupSize(ranks, kvHeads),
        _ => 1,
    };

    /// <summary>Whether the method cuts the work of reading a context.</summary>
    internal static bool IsApproximate(AttentionMethod method) => method is AttentionMethod.Star or AttentionMethod.Apb;

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

    /// <summary>Makes one rank's part of a method over ranks.</summary>
    /// <param name="method">Which one.</param>
    /// <param name="communicator">This rank's, owned by the caller.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="decode">How decoding works over ranks.</param>
    /// <param name="timeline">Records what this rank does, if there is one.</param>
    internal static IAttentionMethod CreateOverRanks(
        AttentionMethod method, ICommunicator communicator, AttentionModel model, ShardedDecodeOptions decode, StepTimeline? timeline)
    {
        Func<long, int, SequencePartition> partition = method switch
        {
            AttentionMethod.Ring or AttentionMethod.Ulysses => SequencePartition.Contiguous,
            AttentionMethod.RingZigzag or AttentionMethod.Usp => SequencePartition.Zigzag, // of ranks in order: of groups too
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not an attention method over ranks."),
        };
        int ofHeads = RanksOfHeads(method, communicator.Size, model.KVHeads);
        IChunkAttention inside = ofHeads > 1
            ? new UlyssesAttention(communicator, ofHeads, model, timeline)
            : new RingAttention(communicator, timeline);
        return new SequenceParallelAttention(
            communicator, new SequenceParallelLayout(partition, decode.Placement), inside, Exchange(communicator, decode), timeline);
    }

    /// <summary>Makes one rank's part of an approximate method over ranks.</summary>
    /// <param name="method">Which one.</param>
    /// <param name="options">Validated.</param>
    /// <param name="communicator">This rank's, owned by the caller.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cache">This rank's cache.</param>
    /// <param name="decode">How decoding works over ranks.</param>
    /// <param name="timeline">Records what this rank does, if there is one.</param>
    /// <exception cref="ModelFormatException">Retaining heads are malformed, or another model's.</exception>
    internal static IAttentionMethod CreateApproximateOverRanks(
        AttentionMethod method, ApproximateAttentionOptions options, ICommunicator communicator, AttentionModel model, IBackend backend,
        KVCacheShape cache, ShardedDecodeOptions decode, StepTimeline? timeline)
    {
        ICompressor? compressor = method == AttentionMethod.Star ? null : Compressors.Create(options, model, backend, BlockReading.ScoredAtOnce);
        return new ApbOverRanks(
            communicator, new ApproximateReading(method, options, model, cache.PageSize, communicator.Size),
            CreateOverRanks(ApproximateReading.ExactOverRanks, communicator, model, decode, timeline), model, compressor, backend, cache,
            timeline);
    }

    private static QueryExchange Exchange(ICommunicator communicator, ShardedDecodeOptions decode) => decode.Merge switch
    {
        DecodeMerge.Star => new StarExchange(communicator),
        DecodeMerge.Tree => new TreeExchange(communicator),
        _ => throw new ArgumentOutOfRangeException(nameof(decode), decode.Merge, "Not a way to merge."),
    };
}
