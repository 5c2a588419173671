namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text, decoded.</param>
/// <param name="Line">1-based line it begins on.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    /// <summary>How an error message names it.</summary>
    internal string Describe() => Kind switch
    {
        TokenKind.End => "the template's end",
        TokenKind.Data => "text",
        TokenKind.BlockBegin or TokenKind.BlockEnd or TokenKind.OutputBegin or TokenKind.OutputEnd => "the tag's " +
            (Kind is TokenKind.BlockEnd or TokenKind.OutputEnd ? "end" : "begin"),
        TokenKind.String => "a string",
        _ => $"'{(Text.Length > 40 ? Text[..40] : Text)}'",
    };
}
