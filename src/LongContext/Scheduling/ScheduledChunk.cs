namespace LongContext.Scheduling;

/// <summary>What one sequence computes in one step.</summary>
/// <param name="Sequence">Whose tokens.</param>
/// <param name="Start">Position of the first token.</param>
/// <param name="Count">Tokens: one when decoding, up to a chunk in prefill.</param>
/// <param name="OutputCount">The last so many of them have their logits computed; may be 0.</param>
internal readonly record struct ScheduledChunk(Sequence Sequence, int Start, int Count, int OutputCount)
{
    /// <summary>Cached tokens after the step.</summary>
    internal int End => Start + Count;
}
