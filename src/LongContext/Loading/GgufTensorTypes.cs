using System.Globalization;
using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>GGML's numbers of tensor types.</summary>
internal static class GgufTensorTypes
{
    private static readonly Dictionary<uint, DType> Supported = new()
    {
        [0] = DType.F32,
        [1] = DType.F16,
        [2] = DType.Q4_0,
        [3] = DType.Q4_1,
        [6] = DType.Q5_0,
        [7] = DType.Q5_1,
        [8] = DType.Q8_0,
        [12] = DType.Q4_K,
        [13] = DType.Q5_K,
        [14] = DType.Q6_K,
        [30] = DType.BF16,
    };

    // Known to GGML, not to us. Numbers that are in neither table make a file malformed.
    private static readonly Dictionary<uint, string> Others = new()
    {
        [4] = "Q4_2", [5] = "Q4_3", [9] = "Q8_1", [10] = "Q2_K", [11] = "Q3_K", [15] = "Q8_K",
        [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S", [22] = "IQ2_S", [23] = "IQ4_XS",
        [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64", [29] = "IQ1_M",
        [31] = "Q4_0_4_4", [32] = "Q4_0_4_8", [33] = "Q4_0_8_8", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>The element type with GGML's number <paramref name="number"/>.</summary>
    /// <exception cref="UnsupportedModelException">GGML has such a type, this library does not.</exception>
    /// <exception cref="ModelFormatException">There is no such type.</exception>
    internal static DType Read(uint number, string file, string tensor, long offset)
    {
        return Supported.TryGetValue(number, out DType type) ? type
            : Others.TryGetValue(number, out string? name)
                ? throw new UnsupportedModelException(
                    $"GGUF tensor type {name} (tensor '{tensor}' in {file})", string.Join(", ", Supported.Values.Order()))
                : throw new ModelFormatException(
                    file, tensor, string.Create(CultureInfo.InvariantCulture, $"there is no tensor type {(int)number}."), offset);
    }
}
