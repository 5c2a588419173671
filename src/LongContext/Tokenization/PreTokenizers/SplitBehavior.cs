namespace LongContext.Tokenization.PreTokenizers;

/// <summary>What becomes of the matches that a text is cut at.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches and what lies between become pieces.</summary>
    Isolated,

    /// <summary>Matches disappear.</summary>
    Removed,

    /// <summary>A match belongs to what precedes it, unless that is a match.</summary>
    MergedWithPrevious,

    /// <summary>A match belongs to what follows it, unless that is a match.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches become one piece.</summary>
    Contiguous,
}
