namespace LongContext.Tokenization;

/// <summary>The tokens of a vocabulary that mean something to the model.</summary>
public sealed record SpecialTokens
{
    /// <summary>Beginning of sequence; null if there is none.</summary>
    public int? BeginningOfSequence { get; init; }

    /// <summary>Tokens that end a generation: end of sequence, end of turn. May be empty.</summary>
    public IReadOnlyList<int> EndOfSequence { get; init; } = [];

    /// <summary>Padding; null if there is none.</summary>
    public int? Padding { get; init; }

    /// <summary>Unknown; null if there is none.</summary>
    public int? Unknown { get; init; }
}
