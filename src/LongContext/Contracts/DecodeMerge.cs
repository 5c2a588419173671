namespace LongContext;

/// <summary>How the ranks' parts of an attention result come together, when a row's keys are on many ranks.</summary>
public enum DecodeMerge
{
    /// <summary>Every rank sends its part to the row's rank: one exchange; the default.</summary>
    Star,

    /// <summary>Ranks merge in pairs, in log₂(ranks) rounds: fewer bytes at the row's rank, better from about a hundred ranks on.</summary>
    Tree,
}
