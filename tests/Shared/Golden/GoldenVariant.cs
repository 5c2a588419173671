using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>A random model of an architecture that gen_model.py does not write.</summary>
/// <param name="Shape">Its size.</param>
/// <param name="Tensors">Its tensors with their names in a Hugging Face folder; null: only in GGUF.</param>
/// <param name="Config">What config.json says otherwise or besides; a null value removes a key.</param>
/// <param name="Keys">Adds the GGUF keys that the architecture has besides the usual ones; null: not expressible in GGUF.</param>
internal sealed record GoldenVariant(
    GoldenShape Shape,
    IReadOnlyList<(GoldenTensor Tensor, string? FolderName)> Tensors,
    OrderedDictionary<string, object?> Config,
    Action<GgufWriter>? Keys);
