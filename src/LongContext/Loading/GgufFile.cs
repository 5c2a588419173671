namespace LongContext.Loading;

/// <summary>Opens a GGUF model: one file, or a set of parts that belong together.</summary>
internal static class GgufFile
{
    private const string CountKey = "split.count";
    private const string NumberKey = "split.no";
    private const string TensorCountKey = "split.tensors.count";

    /// <summary>Opens the file, and with any part of a split model all its parts.</summary>
    /// <param name="path">A GGUF file; a link may lead anywhere, since the user named it.</param>
    /// <param name="boundary">Where the real files of the other parts may lie.</param>
    internal static ModelFiles Open(string path, FolderBoundary boundary)
    {
        List<MappedFile> files = [];
        try
        {
            string folder = Path.GetDirectoryName(path) ?? "";
            GgufSplitName? split = GgufSplitName.Parse(Path.GetFileName(path));
            string first = split is { } name ? Path.Combine(folder, name.Part(1)) : path;
            if (first != path)
            {
                boundary.Require(first);
            }

            GgufContents contents = Map(first, files);
            return (contents.Metadata.GetInteger(CountKey) ?? 1) <= 1
                ? Combine(path, [contents], files)
                : Combine(path, OpenParts(contents, first, split, folder, boundary, files), files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static List<GgufContents> OpenParts(
        GgufContents first, string firstPath, GgufSplitName? split, string folder, FolderBoundary boundary, List<MappedFile> files)
    {
        if (split is not { } name)
        {
            throw new ModelFormatException(
                firstPath,
                CountKey,
                $"the file is one of {first.Metadata.GetInteger(CountKey)} parts; parts must be named name-00001-of-00003.gguf.");
        }

        List<GgufContents> parts = [first];
        CheckPart(first.Metadata, first.Metadata, 0, name.Count);
        for (int i = 1; i < name.Count; i++)
        {
            string path = Path.Combine(folder, name.Part(i + 1));
            boundary.Require(path);
            parts.Add(Map(path, files));
            CheckPart(parts[i].Metadata, first.Metadata, i, name.Count);
        }

        long declared = first.Metadata.RequireInteger(TensorCountKey);
        long found = parts.Sum(part => (long)part.Tensors.Count);
        return declared == found
            ? parts
            : throw new ModelFormatException(
                firstPath, TensorCountKey, $"the parts should have {declared} tensors together; they have {found}.");
    }

    private static void CheckPart(GgufMetadata part, GgufMetadata first, int index, int count)
    {
        Expect(part, NumberKey, index);
        Expect(part, CountKey, count);
        foreach (string key in (string[])["general.architecture", "general.name"])
        {
            if (part.GetString(key) is { } value && value != first.GetString(key))
            {
                throw new ModelFormatException(
                    part.File, key, $"this part belongs to another model: '{value}', not '{first.GetString(key)}'.");
            }
        }
    }

    private static void Expect(GgufMetadata part, string key, long expected)
    {
        long found = part.RequireInteger(key);
        if (found != expected)
        {
            throw new ModelFormatException(part.File, key, $"the file's name says {expected}, the key says {found}.");
        }
    }

    private static GgufContents Map(string path, List<MappedFile> files)
    {
        MappedFile file = MappedFile.Open(path);
        files.Add(file);
        return GgufReader.Read(file);
    }

    private static ModelFiles Combine(string path, List<GgufContents> parts, List<MappedFile> files)
    {
        Dictionary<string, MappedTensor> entries = new(StringComparer.Ordinal);
        foreach (MappedTensor tensor in parts.SelectMany(part => part.Tensors))
        {
            if (!entries.TryAdd(tensor.Info.Name, tensor))
            {
                throw new ModelFormatException(tensor.File.Path, tensor.Info.Name, "another part has a tensor of this name.");
            }
        }

        GgufMetadata metadata = parts[0].Metadata;
        if (entries.Count == 0)
        {
            files.ForEach(file => file.Dispose());
        }

        return new ModelFiles
        {
            Path = path,
            Gguf = metadata,
            ChatTemplate = metadata.GetString("tokenizer.chat_template"),
            Weights = entries.Count == 0 ? null : new MappedWeights(path, WeightNaming.Gguf, entries, files),
        };
    }
}
