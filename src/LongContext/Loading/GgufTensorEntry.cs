namespace LongContext.Loading;

/// <summary>A row of a GGUF file's tensor table.</summary>
/// <param name="Info">The tensor.</param>
/// <param name="DataOffset">Relative to the start of the data.</param>
/// <param name="At">Where the offset stands in the file, for messages.</param>
internal readonly record struct GgufTensorEntry(WeightInfo Info, ulong DataOffset, long At);
