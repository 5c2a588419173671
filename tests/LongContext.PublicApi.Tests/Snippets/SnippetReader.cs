namespace LongContext.PublicApi.Tests.Snippets;

/// <summary>Finds the <c>```csharp</c> blocks of Markdown pages.</summary>
/// <remarks>A block stands alone, unless its fence says <c>```csharp continued</c>: then it follows the block before it on the page.</remarks>
internal static class SnippetReader
{
    private const string Fence = "```csharp";

    internal static List<Snippet> Read(string root)
    {
        IEnumerable<string> pages = new[] { root, Path.Combine(root, "docs"), Path.Combine(root, "nuget"), Path.Combine(root, "samples") }
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(
                folder, "*.md", folder == root ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal);
        return [.. pages.SelectMany(page => Parse(Path.GetRelativePath(root, page).Replace('\\', '/'), File.ReadAllLines(page)))];
    }

    internal static List<Snippet> Parse(string page, string[] lines)
    {
        List<Snippet> snippets = [];
        for (int i = 0; i < lines.Length; i++)
        {
            string fence = lines[i].TrimStart();
            if (!fence.StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            int indent = lines[i].Length - fence.Length;
            int start = i + 1;
            List<string> code = [];
            for (i = start; i < lines.Length && !lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal); i++)
            {
                code.Add(lines[i].Length >= indent ? lines[i][indent..] : lines[i]);
            }

            bool continued = fence[Fence.Length..].Trim() == "continued";
            string before = continued && snippets.Count > 0 ? snippets[^1].Code : "";
            snippets.Add(new Snippet(page, start + 1, before + string.Join('\n', code) + "\n"));
        }

        return snippets;
    }
}
