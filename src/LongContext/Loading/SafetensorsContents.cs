namespace LongContext.Loading;

/// <summary>What one safetensors file holds, checked.</summary>
/// <param name="Tensors">The tensors of supported types that have elements.</param>
/// <param name="Skipped">Names and types of those that have neither.</param>
internal sealed record SafetensorsContents(IReadOnlyList<MappedTensor> Tensors, IReadOnlyDictionary<string, string> Skipped);
