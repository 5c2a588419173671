namespace LongContext.Tokenization.Decoders;

/// <summary>What turns tokens back into text. Each token gives bytes of its own; only the ends of the whole text are special.</summary>
internal sealed record DecoderOptions
{
    /// <summary>How tokens are written.</summary>
    internal TokenText Text { get; init; } = TokenText.Plain;

    /// <summary>Texts in tokens that stand for others, in order.</summary>
    internal IReadOnlyList<(string From, string To)> Replacements { get; init; } = [];

    /// <summary>Tokens named <c>&lt;0x0A&gt;</c> are single bytes.</summary>
    internal bool HasByteTokens { get; init; }

    /// <summary>How many spaces at the very beginning are dropped.</summary>
    internal int LeadingSpacesDropped { get; init; }

    /// <summary>Stands between two tokens.</summary>
    internal string Separator { get; init; } = "";

    /// <summary>Added tokens are written as they are; otherwise replacements apply to them too.</summary>
    internal bool KeepsAddedTokens { get; init; }
}
