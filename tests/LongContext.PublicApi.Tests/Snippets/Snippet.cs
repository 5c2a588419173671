namespace LongContext.PublicApi.Tests.Snippets;

/// <summary>A piece of C# in a page.</summary>
/// <param name="Page">The page, relative to the repository.</param>
/// <param name="Line">Line of its first code line, 1-based.</param>
/// <param name="Code">The code, with that of the pieces it continues.</param>
internal sealed record Snippet(string Page, int Line, string Code)
{
    /// <summary>How the test is shown.</summary>
    public override string ToString() => $"{Page}:{Line}";
}
