using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>Element types of safetensors files.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, DType> Supported = new(StringComparer.Ordinal)
    {
        ["F32"] = DType.F32,
        ["F16"] = DType.F16,
        ["BF16"] = DType.BF16,
        ["I32"] = DType.I32,
    };

    // Buffers such as position ids: checked, kept out of the weights, no error unless asked for. Bytes each.
    private static readonly Dictionary<string, int> Skipped = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["U16"] = 2, ["I16"] = 2, ["U32"] = 4, ["U64"] = 8, ["I64"] = 8,
    };

    // Weights stored like this are the model: without them it cannot run, so the file is refused.
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "F64", "C64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4",
    };

    /// <summary>Bytes of an element of the named type, and its <see cref="DType"/> or null if tensors of it are skipped.</summary>
    /// <exception cref="UnsupportedModelException">Weights of this type are not supported.</exception>
    /// <exception cref="ModelFormatException">There is no such type.</exception>
    internal static (DType? Type, BlockFormat Format) Read(string name, string file, string tensor, long offset)
    {
        return Supported.TryGetValue(name, out DType type) ? (type, BlockFormat.Of(type))
            : Skipped.TryGetValue(name, out int size) ? (null, new BlockFormat(1, size))
            : Refused.Contains(name)
                ? throw new UnsupportedModelException(
                    $"safetensors type {name} (tensor '{tensor}' in {file})", string.Join(", ", Supported.Keys))
                : throw new ModelFormatException(file, tensor, $"there is no element type '{name}'.", offset);
    }
}
