using LongContext.KVCache;

namespace LongContext.Attention;

/// <summary>What one sequence computes in one step, over all ranks together.</summary>
/// <param name="Sequence">The sequence's number, unique in the session.</param>
/// <param name="Tokens">Ids of the whole sequence as far as they are known; never fewer than <paramref name="Start"/> + <paramref name="Count"/>.</param>
/// <param name="ContextLength">Leading tokens that are the prompt's context; what follows is its query, then what was generated.</param>
/// <param name="PromptLength">Tokens of context and query.</param>
/// <param name="Start">Position of the first token to compute; those before are cached.</param>
/// <param name="Count">Tokens to compute.</param>
/// <param name="FirstOutput">Index among the step's outputs of the first of this chunk's.</param>
/// <param name="OutputCount">The last so many of the tokens have their logits computed; may be 0.</param>
/// <param name="Pages">The sequence's pages on this rank; on one rank, enough for all its tokens after the step.</param>
/// <param name="Shards">Over ranks: where the tokens before this chunk are; the method places this chunk's, once a step. Null on one rank.</param>
/// <param name="Selection">Where a method that passes keys on writes down which; null: nobody asks.</param>
/// <param name="Recall">What exact attention on one rank tells its weights to; null: nobody asks.</param>
internal readonly record struct StepChunk(
    long Sequence, ReadOnlyMemory<int> Tokens, int ContextLength, int PromptLength, int Start, int Count, int FirstOutput, int OutputCount,
    PageTable Pages, ShardedSequence? Shards = null, KeySelection? Selection = null, KeyRecallMeter? Recall = null)
{
    /// <summary>Cached tokens after the step, over all ranks.</summary>
    internal int End => Start + Count;
}
