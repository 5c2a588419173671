using LongContext.Loading;
using LongContext.Tokenization.HuggingFace;
using JsonFile = LongContext.Tokenization.HuggingFace.JsonFile;

namespace LongContext.Tokenization;

/// <summary>Loads a tokenizer alone, without a model's weights.</summary>
public static class TokenizerLoader
{
    private const string FileName = "tokenizer.json";

    /// <summary>Loads the tokenizer at <paramref name="path"/>.</summary>
    /// <param name="path">A tokenizer.json, a GGUF file (one with only a vocabulary will do), or a folder with either.</param>
    /// <param name="linkRoot">
    /// Links among these files may lead anywhere under this folder, as those of the Hugging Face cache lead to its <c>blobs</c>;
    /// <see langword="null"/>: they must stay in their own folder.
    /// </param>
    /// <returns>A tokenizer that keeps no file open.</returns>
    /// <exception cref="ModelFormatException">There is no tokenizer, or it is malformed.</exception>
    /// <exception cref="UnsupportedModelException">It asks for something that is not implemented.</exception>
    public static ITokenizer Load(string path, string? linkRoot = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string inFolder = Path.Combine(path, FileName);
        if (File.Exists(inFolder))
        {
            FolderBoundary folder = new(path, linkRoot);
            folder.Require(inFolder);
            return LoadJson(inFolder, folder);
        }

        if (Directory.Exists(path) || !File.Exists(path) || IsGguf(path))
        {
            using ModelFiles files = ModelDirectory.Open(path, linkRoot);
            return TokenizerReader.Load(files);
        }

        FolderBoundary boundary = new(Path.GetDirectoryName(Path.GetFullPath(path))!, linkRoot);
        if (RealPath.Of(path) is { } real)
        {
            boundary.Allow(Path.GetDirectoryName(real)!); // the user named this file: its neighbours may be where it really lies
        }

        return LoadJson(path, boundary);
    }

    private static BpeTokenizer LoadJson(string path, FolderBoundary boundary)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return TokenizerJsonReader.Read(path, new TokenizerSidecars
        {
            Name = folder,
            TokenizerConfig = ReadSidecar(folder, "tokenizer_config.json", boundary),
            Config = ReadSidecar(folder, "config.json", boundary),
            GenerationConfig = ReadSidecar(folder, "generation_config.json", boundary),
        });
    }

    private static JsonConfig? ReadSidecar(string folder, string name, FolderBoundary boundary)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        boundary.Require(path);
        return JsonFile.Read(path, root => new JsonConfig(path, root.Clone()));
    }

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "", $"the file cannot be read: {e.Message}", innerException: e);
        }
    }
}
