using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Communication;

/// <summary>Host memory for operations: aligned to a page, never moved, zeroed. Disposing it while an operation uses it is an error.</summary>
public sealed unsafe class CommBuffer : IDisposable
{
    private const int Alignment = 4096;
    private readonly HostStorage _storage;
    private void* _memory;

    /// <summary>Allocates <paramref name="byteCount"/> bytes.</summary>
    /// <exception cref="OutOfMemoryException">The memory cannot be had.</exception>
    public CommBuffer(long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        nuint size = Math.Max((nuint)byteCount, 1);
        _memory = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(_memory, size);
        _storage = HostStorage.Borrow((byte*)_memory, byteCount, owner: this); // tensors over it keep the buffer alive
    }

    /// <summary>Frees memory that its owner forgot to dispose.</summary>
    ~CommBuffer()
    {
        Free();
    }

    /// <summary>Size in bytes.</summary>
    public long ByteCount => _storage.ByteCount;

    /// <summary>The same memory for tensors. Disposing either frees it.</summary>
    public TensorStorage Storage => _storage;

    /// <summary>All of it, as elements of <paramref name="kind"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public CommRegion Region(ElementKind kind)
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        CommRegion one = new((nint)_memory, 1, kind);
        return one with { Count = ByteCount / one.ElementSize };
    }

    /// <summary>All of it as a span; ends at 2³¹ elements.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public Span<T> Span<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        return new Span<T>(_memory, checked((int)(ByteCount / sizeof(T))));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory != null)
        {
            Free();
            _storage.Dispose(); // calls back here
        }

        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
