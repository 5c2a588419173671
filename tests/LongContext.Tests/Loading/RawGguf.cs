namespace LongContext.Tests.Loading;

/// <summary>A GGUF file of which every field may lie.</summary>
internal sealed class RawGguf
{
    private readonly List<byte[]> _keys = [];
    private readonly List<byte[]> _tensors = [];

    internal uint Magic { get; init; } = 0x46554747;

    internal uint Version { get; init; } = 3;

    internal ulong? TensorCount { get; init; }

    internal ulong? KeyCount { get; init; }

    internal byte[] Data { get; init; } = new byte[64];

    internal RawGguf Key(string name, uint type, params object[] value)
    {
        _keys.Add(RawBytes.Of([name, type, .. value]));
        return this;
    }

    /// <param name="name">Its name.</param>
    /// <param name="dimensions">Innermost first, as in the file.</param>
    /// <param name="type">GGML's number.</param>
    /// <param name="offset">In the data.</param>
    /// <param name="rank">If it lies.</param>
    internal RawGguf Tensor(string name, ulong[] dimensions, uint type = 0, ulong offset = 0, uint? rank = null)
    {
        _tensors.Add(RawBytes.Of([name, rank ?? (uint)dimensions.Length, .. dimensions.Cast<object>(), type, offset]));
        return this;
    }

    internal byte[] ToArray()
    {
        byte[] header = RawBytes.Of(
            [Magic, Version, TensorCount ?? (ulong)_tensors.Count, KeyCount ?? (ulong)_keys.Count, .. _keys, .. _tensors]);
        return [.. header, .. new byte[(32 - (header.Length % 32)) % 32], .. Data];
    }
}
