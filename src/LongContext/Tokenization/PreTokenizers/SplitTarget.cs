namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Which parts of a text a <see cref="SplitBehavior"/> is about.</summary>
internal enum SplitTarget
{
    /// <summary>What the pattern matches.</summary>
    Matches,

    /// <summary>What lies between the matches.</summary>
    Gaps,
}
