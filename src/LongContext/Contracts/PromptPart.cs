namespace LongContext;

/// <summary>A piece of a prompt: text, or token ids.</summary>
public readonly struct PromptPart
{
    private PromptPart(string? text, IReadOnlyList<int>? tokenIds) => (Text, TokenIds) = (text, tokenIds);

    /// <summary>The text; null if the part is given as ids.</summary>
    public string? Text { get; }

    /// <summary>The ids; null if the part is given as text.</summary>
    public IReadOnlyList<int>? TokenIds { get; }

    /// <summary>True when the part has neither text nor ids.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Text) && TokenIds is not { Count: > 0 };

    /// <summary>A part given as text.</summary>
    public static PromptPart FromText(string text) => new(text ?? throw new ArgumentNullException(nameof(text)), null);

    /// <summary>A part given as token ids; nothing is added to them.</summary>
    public static PromptPart FromTokens(IReadOnlyList<int> tokenIds) => new(null, tokenIds ?? throw new ArgumentNullException(nameof(tokenIds)));
}
