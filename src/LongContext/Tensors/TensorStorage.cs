namespace LongContext.Tensors;

/// <summary>A range of memory that tensors view: host memory, a mapped file, a device buffer. Knows no shapes.</summary>
/// <remarks>Disposing frees the memory; every tensor over it is then dead. The owner disposes, viewers do not.</remarks>
public abstract class TensorStorage : IDisposable
{
    /// <summary>Size in bytes.</summary>
    public abstract long ByteCount { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory.</summary>
    protected abstract void Dispose(bool disposing);
}
