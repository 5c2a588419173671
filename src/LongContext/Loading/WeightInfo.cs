using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>One tensor of a file.</summary>
/// <param name="Name">As the file names it.</param>
/// <param name="Type">Element type.</param>
/// <param name="Dimensions">Row-major, outermost first: [rows, columns] as GGUF's reversed. 1 to 8, each at least 1.</param>
/// <param name="ByteCount">Bytes in the file.</param>
internal sealed record WeightInfo(string Name, DType Type, IReadOnlyList<long> Dimensions, long ByteCount);
