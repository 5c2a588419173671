namespace LongContext.Loading;

/// <summary>Finds out what a path holds and opens it: a Hugging Face folder, a GGUF file, or a folder with one GGUF model.</summary>
internal static class ModelDirectory
{
    private const string Extension = ".gguf";

    /// <summary>Opens the model at <paramref name="path"/>. Reads headers and small files, and maps the weights.</summary>
    /// <param name="path">A folder with config.json, a GGUF file (of a split model: any part), or a folder with one GGUF model.</param>
    /// <param name="linkRoot">Links in the folder may lead to anywhere under this one; null: they must stay in the folder.</param>
    /// <exception cref="ModelFormatException">There is no model, or it is malformed, or it leads out of its folder.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind or type that this library does not read.</exception>
    internal static ModelFiles Open(string path, string? linkRoot = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Directory.Exists(path) ? OpenFolder(path, linkRoot)
                : File.Exists(path) ? OpenNamedGguf(path, linkRoot)
                : throw new ModelFormatException(path, "", "there is no such file or folder.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "", $"it cannot be read: {e.Message}", innerException: e);
        }
    }

    private static ModelFiles OpenFolder(string path, string? linkRoot)
    {
        FolderBoundary boundary = new(path, linkRoot);
        return Path.Exists(Path.Combine(path, HuggingFaceFolder.ConfigFile))
            ? HuggingFaceFolder.Open(path, boundary)
            : OpenGguf(FindGguf(path), boundary);
    }

    private static ModelFiles OpenNamedGguf(string path, string? linkRoot)
    {
        FolderBoundary boundary = new(Path.GetDirectoryName(Path.GetFullPath(path))!, linkRoot);
        if (RealPath.Of(path) is { } real)
        {
            boundary.Allow(Path.GetDirectoryName(real)!); // the user named this file: its neighbours may be where it really lies
        }

        return GgufFile.Open(path, boundary);
    }

    private static ModelFiles OpenGguf(string path, FolderBoundary boundary)
    {
        boundary.Require(path);
        return GgufFile.Open(path, boundary);
    }

    private static string FindGguf(string folder)
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(folder)
                .Where(f => f.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal),
        ];
        if (files.Length == 0)
        {
            throw new ModelFormatException(folder, "", "the folder has neither a config.json nor a .gguf file.");
        }

        if (files.Length == 1)
        {
            return files[0];
        }

        List<GgufSplitName?> names = [.. files.Select(f => GgufSplitName.Parse(Path.GetFileName(f)))];
        return names[0] is { } first && names.TrueForAll(n => n?.Prefix == first.Prefix && n?.Count == first.Count)
            ? files[0]
            : throw new ModelFormatException(
                folder, "", $"the folder has {files.Length} .gguf files that are not parts of one model; name one of them.");
    }
}
