namespace LongContext.Accuracy.Ruler;

/// <summary>Among what a needle is hidden.</summary>
internal enum Haystack
{
    /// <summary>One line, repeated.</summary>
    Noise,

    /// <summary>Sentences of a book.</summary>
    Essay,

    /// <summary>Other needles.</summary>
    Needles,
}
