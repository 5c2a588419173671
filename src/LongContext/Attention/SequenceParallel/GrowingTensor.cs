using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>A tensor that grows with the largest step so far.</summary>
internal sealed class GrowingTensor : IDisposable
{
    private Tensor _tensor;

    /// <summary>A tensor of this shape; what it held is lost when it grows.</summary>
    internal Tensor Of(IBackend backend, TensorShape shape)
    {
        if (_tensor.IsEmpty || _tensor.Shape.ElementCount < shape.ElementCount)
        {
            _tensor.Storage?.Dispose();
            _tensor = backend.Allocate(DType.F32, new TensorShape(shape.ElementCount));
        }

        return _tensor.Slice(0, shape.ElementCount).Reshape(shape);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tensor.Storage?.Dispose();
        _tensor = default;
    }
}
