using ILGPU;
using ILGPU.Runtime;
using LongContext.Tensors;

namespace LongContext.Ilgpu;

/// <summary>Memory of an ILGPU accelerator. Knows no shapes and no types.</summary>
public sealed class IlgpuBuffer : TensorStorage
{
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _buffer;

    internal IlgpuBuffer(Accelerator accelerator, long byteCount)
    {
        ByteCount = byteCount;
        _buffer = accelerator.Allocate1D<byte>(Math.Max(byteCount, 1)); // a device refuses an empty buffer
        _buffer.MemSetToZero();
    }

    /// <inheritdoc/>
    public override long ByteCount { get; }

    /// <summary>The tensor's elements as <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">The tensor is not in this backend's memory.</exception>
    internal static ArrayView<T> View<T>(in Tensor tensor)
        where T : unmanaged
    {
        if (tensor.IsEmpty || tensor.ByteCount == 0)
        {
            return ArrayView<T>.Empty;
        }

        return tensor.Storage is IlgpuBuffer buffer
            ? buffer._buffer.View.BaseView.SubView(tensor.ByteOffset, tensor.ByteCount).Cast<T>()
            : throw new ArgumentException($"{tensor} is not in the accelerator's memory: allocate or import it with this backend.");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _buffer.Dispose();
        }
    }
}
