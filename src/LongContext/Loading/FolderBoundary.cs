namespace LongContext.Loading;

/// <summary>The folders a model's files may lie in. A model must not make us read anything else, neither by names nor by links.</summary>
internal sealed class FolderBoundary
{
    private readonly string _folder;
    private readonly List<string> _roots = [];

    /// <summary>Files may lie in <paramref name="folder"/> itself.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="linkRoot">Links may also lead to anywhere under this folder, as those of download caches do.</param>
    internal FolderBoundary(string folder, string? linkRoot = null)
    {
        _folder = Path.GetFullPath(folder);
        Allow(_folder);
        if (linkRoot is not null)
        {
            Allow(linkRoot);
        }
    }

    /// <summary>Also allows what lies under <paramref name="folder"/>.</summary>
    internal void Allow(string folder)
    {
        if (RealPath.Of(folder) is { } real)
        {
            _roots.Add(Path.TrimEndingDirectorySeparator(real) + Path.DirectorySeparatorChar);
        }
    }

    /// <summary>Checks that the file is there and that following its links stays within the boundary.</summary>
    /// <exception cref="ModelFormatException">It does not.</exception>
    internal void Require(string path)
    {
        string real = RealPath.Of(path) ?? throw new ModelFormatException(path, "", "there is no such file.");
        if (!_roots.Exists(root => (real + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal)))
        {
            throw new ModelFormatException(
                path,
                "",
                $"the link leads to '{real}', outside of the model's folder '{_folder}'. Copy the file, or name a folder that links may lead into (linkRoot).");
        }
    }
}
