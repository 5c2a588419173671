namespace LongContext.Backends;

/// <summary>The pages of a KV cache in a backend's own layout. Knows no sequences: who owns a page is the page allocator's business.</summary>
public abstract class KVCacheStorage(KVCacheShape shape) : IDisposable
{
    /// <summary>Its size.</summary>
    public KVCacheShape Shape { get; } = shape;

    /// <summary>Bytes it takes.</summary>
    public abstract long ByteCount { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the pages.</summary>
    protected abstract void Dispose(bool disposing);
}
