namespace LongContext.Tokenization.Patterns;

/// <summary>How much of a run of white space a branch takes.</summary>
internal enum WhitespaceKind
{
    /// <summary><c>\s+</c>: all of it.</summary>
    All,

    /// <summary><c>\s*[\r\n]+</c>: up to its last line end.</summary>
    UpToLastNewline,

    /// <summary><c>\s+(?!\S)</c>: all at the end of the text, else all but its last character.</summary>
    ButOneBeforeText,
}
