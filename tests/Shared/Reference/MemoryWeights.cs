using System.Runtime.InteropServices;
using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Tensors in memory instead of in a file.</summary>
internal sealed class MemoryWeights : IWeightSource
{
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly Dictionary<string, WeightInfo> _infos = [];

    internal MemoryWeights(WeightNaming naming, IEnumerable<KeyValuePair<string, ReferenceTensor>> tensors)
    {
        Naming = naming;
        foreach ((string name, ReferenceTensor tensor) in tensors)
        {
            Set(name, tensor);
        }
    }

    public WeightNaming Naming { get; }

    public string DisplayName => "memory";

    public IReadOnlyDictionary<string, WeightInfo> Tensors => _infos;

    /// <summary>Tensors given back after a copy.</summary>
    internal HashSet<string> Released { get; } = [];

    public Tensor Open(string name) => _tensors[name];

    public void Release(string name) => Released.Add(name);

    /// <summary>Adds or replaces a tensor.</summary>
    internal void Set(string name, ReferenceTensor tensor, DType type = DType.F32)
    {
        byte[] bytes = type switch
        {
            DType.F32 => MemoryMarshal.AsBytes<float>(tensor.Values).ToArray(),
            DType.F16 => MemoryMarshal.AsBytes<Half>(tensor.Values.Select(v => (Half)v).ToArray()).ToArray(),
            DType.BF16 => MemoryMarshal.AsBytes<ushort>(tensor.Values.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)).ToArray()).ToArray(),
            DType.I32 => MemoryMarshal.AsBytes<int>(tensor.Values.Select(v => (int)v).ToArray()).ToArray(),
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };
        HostStorage storage = HostStorage.Allocate(bytes.Length);
        TensorShape shape = tensor.Dimensions.Length == 1 ? new(tensor.Dimensions[0]) : new(tensor.Dimensions[0], tensor.Dimensions[1]);
        Tensor target = new(storage, 0, type, shape);
        bytes.CopyTo(target.HostSpan<byte>());
        _tensors[name] = target;
        _infos[name] = new WeightInfo(name, type, tensor.Dimensions, bytes.Length);
    }

    internal void Remove(string name)
    {
        _tensors.Remove(name);
        _infos.Remove(name);
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Storage.Dispose();
        }
    }
}
