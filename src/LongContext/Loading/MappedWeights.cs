using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>The tensors of one or more mapped files. Knows no format: readers have checked every range.</summary>
internal sealed class MappedWeights : IWeightSource
{
    private readonly Dictionary<string, MappedTensor> _entries;
    private readonly IReadOnlyDictionary<string, string> _unsupported;
    private readonly IReadOnlyList<MappedFile> _files;
    private bool _disposed;

    /// <summary>Takes over <paramref name="files"/>: disposing the weights closes them.</summary>
    /// <param name="displayName">For messages.</param>
    /// <param name="naming">Convention of the names.</param>
    /// <param name="entries">The tensors by name.</param>
    /// <param name="files">All files mapped.</param>
    /// <param name="unsupported">Names and types of tensors that have no <see cref="DType"/>: an error only when opened.</param>
    internal MappedWeights(
        string displayName,
        WeightNaming naming,
        Dictionary<string, MappedTensor> entries,
        IReadOnlyList<MappedFile> files,
        IReadOnlyDictionary<string, string>? unsupported = null)
    {
        (DisplayName, Naming, _entries, _files) = (displayName, naming, entries, files);
        _unsupported = unsupported ?? new Dictionary<string, string>();
        Tensors = entries.ToDictionary(e => e.Key, e => e.Value.Info);
    }

    /// <inheritdoc/>
    public WeightNaming Naming { get; }

    /// <inheritdoc/>
    public string DisplayName { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    /// <inheritdoc/>
    /// <exception cref="UnsupportedModelException">The tensor is there, but this library does not compute with its element type.</exception>
    public Tensor Open(string name)
    {
        MappedTensor entry = Find(name);
        return new Tensor(entry.File.Storage, entry.Offset, entry.Info.Type, ShapeOf(entry.Info.Dimensions));
    }

    /// <inheritdoc/>
    public void Release(string name)
    {
        MappedTensor entry = Find(name);
        entry.File.Release(entry.Offset, entry.Info.ByteCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (MappedFile file in _files)
        {
            file.Dispose();
        }
    }

    // Leading dimensions beyond three are folded into the first one: a convolution of the vision part, say, which no text model opens.
    private static TensorShape ShapeOf(IReadOnlyList<long> dimensions) => dimensions.Count switch
    {
        1 => new(dimensions[0]),
        2 => new(dimensions[0], dimensions[1]),
        _ => new(dimensions.SkipLast(2).Aggregate(1L, (a, b) => a * b), dimensions[^2], dimensions[^1]),
    };

    private MappedTensor Find(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _entries.TryGetValue(name, out MappedTensor? entry) ? entry
            : _unsupported.TryGetValue(name, out string? type)
                ? throw new UnsupportedModelException($"tensor '{name}' of type {type}", string.Join(", ", Enum.GetNames<DType>()))
                : throw new KeyNotFoundException($"{DisplayName} has no tensor '{name}'.");
    }
}
