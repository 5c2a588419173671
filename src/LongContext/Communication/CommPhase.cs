namespace LongContext.Communication;

/// <summary>What an operation is for: a part of its <see cref="CommTag"/>, and what bytes are counted by.</summary>
public enum CommPhase : byte
{
    /// <summary>Steps, groups, start and end.</summary>
    Control,

    /// <summary>Keys and values on their way round a ring.</summary>
    RingKeyValue,

    /// <summary>From "some tokens, all heads" to "all tokens, some heads".</summary>
    ScatterHeads,

    /// <summary>From "all tokens, some heads" back to "some tokens, all heads".</summary>
    GatherHeads,

    /// <summary>Keys and values passed to later ranks.</summary>
    PassingBlocks,

    /// <summary>Query rows on their way to the ranks that hold the keys.</summary>
    MoveQuery,

    /// <summary>States (out, lse) on their way to where they are merged.</summary>
    MergeStates,

    /// <summary>Partial sums of a layer that is split over ranks.</summary>
    TensorReduce,

    /// <summary>Comparing what must be equal on all ranks.</summary>
    Check,
}
