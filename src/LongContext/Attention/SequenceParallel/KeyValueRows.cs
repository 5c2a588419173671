using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Rows of keys and values on their way between ranks: keys, then values, in a type that loses nothing that the cache keeps.</summary>
internal sealed class KeyValueRows(ICommunicator communicator) : IDisposable
{
    private readonly GrowingBuffer _buffer = new(communicator);
    private float[] _scratch = [];

    /// <summary>Memory of so many rows; what it held is lost when it grows.</summary>
    internal CommRegion Region(int rows, KVCacheShape shape)
    {
        bool exact = shape.Type != DType.BF16; // bytes are made of the same numbers on every rank
        long count = 2L * rows * shape.KVHeads * shape.HeadDim;
        CommBuffer memory = _buffer.Of(count * (exact ? sizeof(float) : sizeof(ushort)));
        return memory.Region(exact ? ElementKind.Float32 : ElementKind.BFloat16).Slice(0, count);
    }

    /// <summary>Takes rows from a backend.</summary>
    internal void Store(IBackend backend, in Tensor k, in Tensor v, KVCacheShape shape) => Store(backend, k, v, Region(k.Rows, shape));

    /// <summary>Takes rows from a backend, into a part of the memory.</summary>
    internal void Store(IBackend backend, in Tensor k, in Tensor v, in CommRegion region)
    {
        long half = region.Count / 2;
        StoreHalf(backend, k, region.Slice(0, half));
        StoreHalf(backend, v, region.Slice(half, half));
    }

    /// <summary>Gives rows to a backend.</summary>
    internal void Load(IBackend backend, in Tensor k, in Tensor v, KVCacheShape shape) => Load(backend, k, v, Region(k.Rows, shape));

    /// <summary>Gives rows to a backend, from a part of the memory.</summary>
    internal void Load(IBackend backend, in Tensor k, in Tensor v, in CommRegion region)
    {
        long half = region.Count / 2;
        LoadHalf(backend, region.Slice(0, half), k);
        LoadHalf(backend, region.Slice(half, half), v);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void StoreHalf(IBackend backend, in Tensor rows, in CommRegion region)
    {
        if (region.Kind == ElementKind.Float32)
        {
            backend.Download(rows, HostMemory.Floats(region));
            return;
        }

        Span<float> exact = Scratch(region.Count);
        backend.Download(rows, exact);
        BFloat16Rows.Round(exact, HostMemory.BFloat16s(region));
    }

    private void LoadHalf(IBackend backend, in CommRegion region, in Tensor rows)
    {
        if (region.Kind == ElementKind.Float32)
        {
            backend.Upload<float>(HostMemory.Floats(region), rows);
            return;
        }

        Span<float> exact = Scratch(region.Count);
        BFloat16Rows.Widen(HostMemory.BFloat16s(region), exact);
        backend.Upload<float>(exact, rows);
    }

    private Span<float> Scratch(long count)
    {
        if (_scratch.Length < count)
        {
            _scratch = new float[checked((int)count)];
        }

        return _scratch.AsSpan(0, (int)count);
    }
}
