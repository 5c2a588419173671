using ILGPU;
using ILGPU.Runtime;

namespace LongContext.Ilgpu;

/// <summary>An array on the device that is refilled every step; it grows and never shrinks.</summary>
internal sealed class DeviceArray<T>(Accelerator accelerator) : IDisposable
    where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _buffer;

    /// <summary>The elements of the last <see cref="Fill"/>.</summary>
    internal ArrayView<T> View { get; private set; } = ArrayView<T>.Empty;

    internal void Fill(ReadOnlySpan<T> values)
    {
        View = ArrayView<T>.Empty;
        if (values.IsEmpty)
        {
            return;
        }

        if (_buffer is null || _buffer.Length < values.Length)
        {
            _buffer?.Dispose();
            _buffer = null;
            _buffer = accelerator.Allocate1D<T>(Math.Max(64, values.Length * 2L));
        }

        View = _buffer.View.BaseView.SubView(0, values.Length);
        DeviceCopy.FromHost(values, View);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer?.Dispose();
}
