namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a template's token is.</summary>
internal enum TokenKind
{
    /// <summary>Text outside all tags, white-space control applied.</summary>
    Data,

    /// <summary><c>{%</c>.</summary>
    BlockBegin,

    /// <summary><c>%}</c>.</summary>
    BlockEnd,

    /// <summary><c>{{</c>.</summary>
    OutputBegin,

    /// <summary><c>}}</c>.</summary>
    OutputEnd,

    /// <summary>A name or key word.</summary>
    Name,

    /// <summary>A string literal, decoded.</summary>
    String,

    /// <summary>An integer literal, without underscores.</summary>
    Integer,

    /// <summary>A floating-point literal, without underscores.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The template's end.</summary>
    End,
}
