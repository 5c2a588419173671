namespace LongContext.Loading;

/// <summary>Where a tensor lies.</summary>
/// <param name="Info">What it is.</param>
/// <param name="File">The file that holds it.</param>
/// <param name="Offset">Of its first byte in the file; checked to lie in it with all its bytes.</param>
internal sealed record MappedTensor(WeightInfo Info, MappedFile File, long Offset);
