namespace LongContext.Tokenization.Bpe;

/// <summary>How a BPE model treats what its merges do not say.</summary>
internal sealed record BpeOptions
{
    /// <summary>The token of a character that the vocabulary lacks; null: it gives no token.</summary>
    internal int? Unknown { get; init; }

    /// <summary>Neighbouring unknown characters give one token.</summary>
    internal bool FusesUnknown { get; init; }

    /// <summary>Unknown characters are written as tokens of their UTF-8 bytes, named <c>&lt;0x0A&gt;</c>.</summary>
    internal bool FallsBackToBytes { get; init; }

    /// <summary>A word that is a token is that token, whatever the merges would make of it.</summary>
    internal bool IgnoresMerges { get; init; }

    /// <summary>Special tokens: no word is one of them, even if it is written like one.</summary>
    internal IReadOnlySet<int> NotWords { get; init; } = new HashSet<int>();

    /// <summary>No token has a space marker behind another character: the model may cut before each, with the same result.</summary>
    internal bool SplitsBeforeSpaceMarker { get; init; }
}
