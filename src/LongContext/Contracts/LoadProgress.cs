namespace LongContext;

/// <summary>How far a model's loading is.</summary>
/// <param name="BytesDone">Weight bytes ready.</param>
/// <param name="BytesTotal">Weight bytes in all.</param>
public readonly record struct LoadProgress(long BytesDone, long BytesTotal);
