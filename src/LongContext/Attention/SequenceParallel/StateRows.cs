using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>States on their way between ranks: blocks of rows, in each the outputs and then the lse of all its rows.</summary>
internal sealed class StateRows(ICommunicator communicator) : IDisposable
{
    private readonly GrowingBuffer _buffer = new(communicator);

    /// <summary>Floats of one row: qHeads · (headDim + 1).</summary>
    internal static long FloatsPerRow(in Tensor states) => states.Shape[1] * (states.Shape[2] + 1);

    /// <summary>Memory of so many rows; what it held is lost when it grows.</summary>
    internal CommRegion Region(long rows, long floatsPerRow) => _buffer.Floats(rows * floatsPerRow);

    /// <summary>A block from a backend.</summary>
    internal static void Store(IBackend backend, in Tensor states, in Tensor sums, in CommRegion block)
    {
        long count = states.Shape.ElementCount;
        backend.Download(states, HostMemory.Floats(block.Slice(0, count)));
        backend.Download(sums, HostMemory.Floats(block.Slice(count, sums.Shape.ElementCount)));
    }

    /// <summary>A block to a backend.</summary>
    internal static void Load(IBackend backend, in CommRegion block, in Tensor states, in Tensor sums)
    {
        long count = states.Shape.ElementCount;
        backend.Upload<float>(HostMemory.Floats(block.Slice(0, count)), states);
        backend.Upload<float>(HostMemory.Floats(block.Slice(count, sums.Shape.ElementCount)), sums);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
