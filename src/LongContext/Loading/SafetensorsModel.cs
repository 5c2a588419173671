namespace LongContext.Loading;

/// <summary>Opens the weights of a Hugging Face folder: one file, or the shards that the index lists.</summary>
internal static class SafetensorsModel
{
    private const string SingleFile = "model.safetensors";

    /// <summary>The weights, or null if the folder has none in this format.</summary>
    internal static MappedWeights? Open(string folder, FolderBoundary boundary)
    {
        string single = Path.Combine(folder, SingleFile);
        string index = Path.Combine(folder, SafetensorsIndex.FileName);
        List<MappedFile> files = [];
        try
        {
            return Path.Exists(single) ? OpenSingle(single, folder, boundary, files)
                : Path.Exists(index) ? OpenShards(index, folder, boundary, files)
                : null;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static MappedWeights OpenSingle(string path, string folder, FolderBoundary boundary, List<MappedFile> files)
    {
        SafetensorsContents contents = Map(path, boundary, files);
        return Combine(folder, contents.Tensors, files, contents.Skipped);
    }

    private static MappedWeights OpenShards(string indexPath, string folder, FolderBoundary boundary, List<MappedFile> files)
    {
        boundary.Require(indexPath);
        Dictionary<string, string> fileOf = SafetensorsIndex.Read(indexPath);
        List<MappedTensor> tensors = [];
        Dictionary<string, string> skipped = new(StringComparer.Ordinal);
        int listed = 0;
        foreach (string name in fileOf.Values.Distinct().Order(StringComparer.Ordinal))
        {
            SafetensorsContents shard = Map(Path.Combine(folder, name), boundary, files);
            IEnumerable<MappedTensor> own = shard.Tensors.Where(t => fileOf.TryGetValue(t.Info.Name, out string? file) && file == name);
            int before = tensors.Count + skipped.Count;
            tensors.AddRange(own); // a tensor that the index does not list here belongs to nobody
            foreach ((string tensor, string type) in shard.Skipped)
            {
                if (fileOf.TryGetValue(tensor, out string? file) && file == name)
                {
                    skipped.Add(tensor, type);
                }
            }

            listed += tensors.Count + skipped.Count - before;
        }

        if (listed != fileOf.Count)
        {
            HashSet<string> found = [.. tensors.Select(t => t.Info.Name), .. skipped.Keys];
            (string tensor, string file) = fileOf.First(e => !found.Contains(e.Key));
            throw new ModelFormatException(indexPath, tensor, $"the index says that the tensor is in '{file}', but it is not.");
        }

        return Combine(folder, tensors, files, skipped);
    }

    private static SafetensorsContents Map(string path, FolderBoundary boundary, List<MappedFile> files)
    {
        boundary.Require(path);
        MappedFile file = MappedFile.Open(path);
        files.Add(file);
        return SafetensorsReader.Read(file);
    }

    private static MappedWeights Combine(
        string folder, IReadOnlyList<MappedTensor> tensors, List<MappedFile> files, IReadOnlyDictionary<string, string> skipped)
    {
        Dictionary<string, MappedTensor> entries = tensors.ToDictionary(t => t.Info.Name, StringComparer.Ordinal);
        return new MappedWeights(folder, WeightNaming.HuggingFace, entries, files, skipped);
    }
}
