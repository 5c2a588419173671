using System.Runtime.InteropServices;

namespace LongContext.Tensors;

/// <summary>Memory the CPU can address: allocated here (64-byte aligned), or borrowed from a mapped file.</summary>
public sealed unsafe class HostStorage : TensorStorage
{
    private const int Alignment = 64; // one cache line, one 512-bit vector

    private readonly IDisposable? _owner;
    private void* _allocated;

    private HostStorage(byte* pointer, long byteCount, IDisposable? owner, void* allocated)
    {
        Pointer = pointer;
        ByteCount = byteCount;
        _owner = owner;
        _allocated = allocated;
    }

    /// <summary>Frees memory that its owner forgot to dispose.</summary>
    ~HostStorage()
    {
        Dispose(disposing: false);
    }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; private set; }

    /// <inheritdoc/>
    public override long ByteCount { get; }

    /// <summary>How matrices lie in it.</summary>
    internal MatrixLayout Layout { get; private init; }

    /// <summary>Allocates <paramref name="byteCount"/> zeroed bytes.</summary>
    /// <remarks>Of large storage the system gives a page when it is first touched: what a step leaves unused of the largest step's tensors costs no memory.</remarks>
    /// <exception cref="OutOfMemoryException">The memory cannot be had.</exception>
    public static HostStorage Allocate(long byteCount) => Allocate(byteCount, MatrixLayout.Rows);

    /// <summary>The same for matrices that lie in <paramref name="layout"/>.</summary>
    internal static HostStorage Allocate(long byteCount, MatrixLayout layout)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        void* memory = NativeMemory.AllocZeroed(checked((nuint)byteCount + Alignment));
        nuint aligned = ((nuint)memory + (Alignment - 1)) & ~(nuint)(Alignment - 1);
        return new HostStorage((byte*)aligned, byteCount, owner: null, memory) { Layout = layout };
    }

    /// <summary>Views memory that <paramref name="owner"/> keeps alive; disposing the storage disposes the owner.</summary>
    public static HostStorage Borrow(byte* pointer, long byteCount, IDisposable? owner)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        return new HostStorage(pointer, byteCount, owner, allocated: null);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_allocated != null)
        {
            NativeMemory.Free(_allocated);
            _allocated = null;
        }

        if (disposing)
        {
            _owner?.Dispose();
        }

        Pointer = null;
    }
}
