using LongContext.Attention.SequenceParallel;
using LongContext.Communication;
using LongContext.Diagnostics;

namespace LongContext.Attention;

/// <summary>From options to a method: the one switch.</summary>
internal static class AttentionMethods
{
    /// <summary>Whether the method works over ranks; one that does not runs on one.</summary>
    internal static bool RunsOverRanks(AttentionMethod method) => method != AttentionMethod.Full;

    /// <summary>Makes a method of one rank.</summary>
    /// <param name="method">Which.</param>
    /// <param name="communicator">This rank's, owned by the caller; null where there is one rank and the method takes none.</param>
    /// <param name="decode">How decoding works over ranks.</param>
    /// <param name="timeline">Records what this rank does, if there is one.</param>
    internal static IAttentionMethod Create(
        AttentionMethod method, ICommunicator? communicator, ShardedDecodeOptions decode, StepTimeline? timeline = null) => method switch
    {
        AttentionMethod.Full => new FullAttention(),
        AttentionMethod.Ring => Ring(Ranks(communicator), SequencePartition.Contiguous, decode, timeline),
        AttentionMethod.RingZigzag => Ring(Ranks(communicator), SequencePartition.Zigzag, decode, timeline),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not an attention method."),
    };

    private static SequenceParallelAttention Ring(
        ICommunicator communicator, Func<long, int, SequencePartition> partition, ShardedDecodeOptions decode, StepTimeline? timeline) => new(
        communicator, new SequenceParallelLayout(partition, decode.Placement), new RingAttention(communicator, timeline),
        Exchange(communicator, decode), timeline);

    private static QueryExchange Exchange(ICommunicator communicator, ShardedDecodeOptions decode) => decode.Merge switch
    {
        DecodeMerge.Star => new StarExchange(communicator),
        DecodeMerge.Tree => new TreeExchange(communicator),
        _ => throw new ArgumentOutOfRangeException(nameof(decode), decode.Merge, "Not a way to merge."),
    };

    private static ICommunicator Ranks(ICommunicator? communicator) =>
        communicator ?? throw new ArgumentNullException(nameof(communicator), "The method works over ranks.");
}
