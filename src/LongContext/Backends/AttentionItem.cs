namespace LongContext.Backends;

/// <summary>One piece of attention work: query rows of the batch against a segment of one sequence's cached keys.</summary>
/// <remarks>Everything is a list of items: prefill, decode, hybrid batches, ring steps, anchors and passing blocks.</remarks>
/// <param name="Sequence">Index into the batch's sequences (its page table).</param>
/// <param name="QueryStart">First query row, in the batch's token order.</param>
/// <param name="QueryCount">Query rows.</param>
/// <param name="KeyStart">First key, an index into the sequence's cached tokens.</param>
/// <param name="KeyCount">Keys.</param>
/// <param name="Mask">Who sees whom.</param>
/// <param name="FirstRowKey">Cached-token index of query row 0 itself: the last key it sees under <see cref="AttentionMask.Causal"/>, and what the window counts back from.</param>
public readonly record struct AttentionItem(
    int Sequence, int QueryStart, int QueryCount, int KeyStart, int KeyCount, AttentionMask Mask, int FirstRowKey);
