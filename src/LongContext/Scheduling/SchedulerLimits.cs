namespace LongContext.Scheduling;

/// <summary>The size of a step.</summary>
/// <param name="ChunkSize">Most prefill tokens of a step, over all sequences.</param>
/// <param name="MaxSequences">Most sequences computed together.</param>
/// <param name="MaxRunning">Most sequences that have pages, those included whose consumers are behind.</param>
internal sealed record SchedulerLimits(int ChunkSize, int MaxSequences, int MaxRunning = int.MaxValue)
{
    private const int MinOutputs = 16;

    /// <summary>Most rows of a step: a full chunk beside one decode row for every sequence.</summary>
    internal int MaxTokens => checked(ChunkSize + MaxSequences);

    /// <summary>Most rows of a step with logits. Requests for every position's logits share what the others leave.</summary>
    internal int MaxOutputs => Math.Max(MaxSequences, MinOutputs);
}
