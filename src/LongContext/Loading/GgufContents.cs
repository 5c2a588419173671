namespace LongContext.Loading;

/// <summary>What one GGUF file holds, checked.</summary>
/// <param name="Metadata">Its keys.</param>
/// <param name="Tensors">Its tensors, in the file's order; every one lies within the file and overlaps no other.</param>
internal sealed record GgufContents(GgufMetadata Metadata, IReadOnlyList<MappedTensor> Tensors);
