namespace LongContext.Communication;

/// <summary>How elements of all ranks become one.</summary>
public enum Reduction : byte
{
    /// <summary>Their sum, added in rank order in binary32: the same bits on every rank and in every run.</summary>
    Sum,

    /// <summary>The greatest; NaN if one of them is.</summary>
    Max,
}
