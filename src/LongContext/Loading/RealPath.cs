namespace LongContext.Loading;

/// <summary>Where a path leads once every link on the way is followed.</summary>
internal static class RealPath
{
    private const int MaxLinks = 40; // as Linux

    /// <summary>The path without links, or null if it leads nowhere or in circles.</summary>
    internal static string? Of(string path)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links <= MaxLinks; links++)
        {
            if (NextHop(full) is not { } next)
            {
                return Path.Exists(full) ? full : null;
            }

            full = next;
        }

        return null;
    }

    // The path with its outermost link replaced by the link's target; null if there is no link on it.
    private static string? NextHop(string full)
    {
        string root = Path.GetPathRoot(full)!;
        string walked = root;
        string[] parts = full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string parent = walked;
            walked = Path.Combine(walked, parts[i]);
            if (new FileInfo(walked).LinkTarget is { } target)
            {
                string[] rest = parts[(i + 1)..];
                return Path.GetFullPath(Path.Combine([parent, target, .. rest]));
            }
        }

        return null;
    }
}
