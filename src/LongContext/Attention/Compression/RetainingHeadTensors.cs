using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>The two matrices of every layer's retaining head in host memory, checked against the model.</summary>
/// <remarks>
/// Published layout (Locret): <c>model.layers.N.self_attn.fc1.weight</c> [width, (qHeads + 2 · kvHeads) · headDim], whose columns are the query,
/// key and value features in the order of Hugging Face's projections, and <c>model.layers.N.self_attn.fc2.weight</c> [kvHeads, width].
/// Other tensors in the file are left alone: the published files hold the whole model.
/// </remarks>
internal sealed class RetainingHeadTensors : IDisposable
{
    private const int MaxWidth = 65_536;

    private readonly MappedFile _file;
    private readonly Dictionary<string, MappedTensor> _tensors;

    private RetainingHeadTensors(MappedFile file, Dictionary<string, MappedTensor> tensors) => (_file, _tensors) = (file, tensors);

    /// <summary>Rows of the first layer's first matrix; every layer has as many.</summary>
    internal int Width { get; private set; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="ModelFormatException">The file is malformed, or its heads are not this model's.</exception>
    internal static RetainingHeadTensors Open(string path, AttentionModel model)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            RetainingHeadTensors heads = new(file, SafetensorsReader.Read(file).Tensors.ToDictionary(t => t.Info.Name, StringComparer.Ordinal));
            heads.Check(model);
            return heads;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Name of a layer's first or second matrix.</summary>
    internal static string NameOf(int layer, int matrix) => $"model.layers.{layer}.self_attn.fc{matrix}.weight";

    /// <summary>A layer's first (1) or second (2) matrix, mapped; its bytes may start anywhere.</summary>
    internal Tensor Matrix(int layer, int matrix)
    {
        MappedTensor tensor = _tensors[NameOf(layer, matrix)];
        return new Tensor(_file.Storage, tensor.Offset, tensor.Info.Type, new TensorShape(tensor.Info.Dimensions[0], tensor.Info.Dimensions[1]));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Check(AttentionModel model)
    {
        int inputs = (model.QHeads + (2 * model.KVHeads)) * model.HeadDim;
        for (int layer = 0; layer < model.Layers; layer++)
        {
            WeightInfo first = Find(layer, 1);
            WeightInfo second = Find(layer, 2);
            Width = layer == 0 ? (int)Math.Min(first.Dimensions[0], int.MaxValue) : Width;
            if (first.Dimensions is not [var width, var columns] || width != Width || width > MaxWidth || columns != inputs)
            {
                throw Malformed(first, $"[{Width}, {inputs}] ({model.QHeads} query and twice {model.KVHeads} key/value heads of {model.HeadDim}, at most {MaxWidth} rows)");
            }

            if (second.Dimensions is not [var heads, var hidden] || heads != model.KVHeads || hidden != Width)
            {
                throw Malformed(second, $"[{model.KVHeads}, {Width}]");
            }
        }
    }

    private WeightInfo Find(int layer, int matrix)
    {
        string name = NameOf(layer, matrix);
        WeightInfo info = _tensors.TryGetValue(name, out MappedTensor? tensor) ? tensor.Info
            : throw new ModelFormatException(_file.Path, name, "the tensor is missing: these are no retaining heads for this model.");
        return info.Type is DType.F32 or DType.F16 or DType.BF16
            ? info
            : throw new ModelFormatException(_file.Path, name, $"its type is {info.Type}; retaining heads are F32, F16 or BF16.");
    }

    private ModelFormatException Malformed(WeightInfo info, string expected) =>
        new(_file.Path, info.Name, $"its shape is [{string.Join(", ", info.Dimensions)}]; this model needs {expected}.");
}
