using LongContext.KVCache;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Rows of one sequence, in one pass, that come after its context.</summary>
/// <param name="FirstRow">First row of the pass.</param>
/// <param name="Position">Of that row, in the sequence.</param>
/// <param name="Count">Rows.</param>
/// <param name="PromptLength">Tokens of context and query.</param>
/// <param name="Blocks">The context's.</param>
/// <param name="Pages">The sequence's.</param>
internal readonly record struct QueryRows(int FirstRow, int Position, int Count, int PromptLength, ContextBlocks Blocks, PageTable Pages);
