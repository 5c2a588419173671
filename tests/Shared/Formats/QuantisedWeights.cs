using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Formats;

/// <summary>The weights of another source, its matrices rounded to a type wherever their rows are whole blocks of it.</summary>
internal sealed class QuantisedWeights : IWeightSource
{
    private readonly IWeightSource _source;
    private readonly DType _type;
    private readonly Dictionary<string, Tensor> _opened = [];

    internal QuantisedWeights(IWeightSource source, DType type)
    {
        (_source, _type) = (source, type);
        Tensors = source.Tensors.Values.Select(Info).ToDictionary(info => info.Name);
    }

    /// <inheritdoc/>
    public WeightNaming Naming => _source.Naming;

    /// <inheritdoc/>
    public string DisplayName => $"{_source.DisplayName} in {_type}";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    /// <summary>How many are of the type.</summary>
    internal int Quantised => Tensors.Values.Count(info => info.Type == _type);

    /// <inheritdoc/>
    public Tensor Open(string name)
    {
        if (!_opened.TryGetValue(name, out Tensor tensor))
        {
            tensor = _source.Open(name);
            if (Tensors[name].Type != tensor.Type)
            {
                float[] values = [.. ReferenceDequantizer.Decode(tensor.HostSpan<byte>(), tensor.Type).Select(value => (float)value)];
                byte[] bytes = Quantizer.Encode(values, _type);
                HostStorage storage = HostStorage.Allocate(bytes.Length);
                tensor = new Tensor(storage, 0, _type, tensor.Shape);
                bytes.CopyTo(tensor.HostSpan<byte>());
            }

            _opened.Add(name, tensor);
        }

        return tensor;
    }

    /// <inheritdoc/>
    public void Release(string name) => _source.Release(name);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private WeightInfo Info(WeightInfo info)
    {
        BlockFormat format = BlockFormat.Of(_type);
        return info.Dimensions.Count != 2 || info.Dimensions[1] % format.ElementsPerBlock != 0
            ? info
            : info with { Type = _type, ByteCount = format.ByteCount(info.Dimensions[0] * info.Dimensions[1]) };
    }
}
