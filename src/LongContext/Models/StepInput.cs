using LongContext.Backends;

namespace LongContext.Models;

/// <summary>One step as arrays: all the model sees of the scheduler's decision.</summary>
internal readonly ref struct StepInput
{
    /// <summary>[tokens]: token ids, sequence after sequence as in <see cref="Batch"/>.</summary>
    internal required ReadOnlySpan<int> TokenIds { get; init; }

    /// <summary>[tokens]: position of each token in its sequence, for the rotary embedding.</summary>
    internal required ReadOnlySpan<int> Positions { get; init; }

    /// <summary>[outputs]: rows (indices into TokenIds) whose logits are wanted; may be empty.</summary>
    internal required ReadOnlySpan<int> OutputRows { get; init; }

    /// <summary>Pages, slots and, after the attention method filled them in, attention items.</summary>
    internal required AttentionBatch Batch { get; init; }
}
