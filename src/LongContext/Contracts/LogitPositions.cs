namespace LongContext;

/// <summary>For which prompt positions logits are returned.</summary>
public enum LogitPositions
{
    /// <summary>The last one.</summary>
    Last,

    /// <summary>Every one.</summary>
    All,
}
