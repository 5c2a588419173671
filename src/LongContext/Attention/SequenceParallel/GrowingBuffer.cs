using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Host memory for transfers that grows with the largest step so far.</summary>
internal sealed class GrowingBuffer(ICommunicator communicator) : IDisposable
{
    private CommBuffer? _buffer;

    /// <summary>At least so many bytes; what they held is lost when it grows.</summary>
    internal CommBuffer Of(long byteCount)
    {
        if (_buffer is null || _buffer.ByteCount < byteCount)
        {
            _buffer?.Dispose();
            _buffer = communicator.Allocate(byteCount);
        }

        return _buffer;
    }

    /// <summary>So many floats.</summary>
    internal CommRegion Floats(long count) => Of(count * sizeof(float)).Region(ElementKind.Float32).Slice(0, count);

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
    }
}
