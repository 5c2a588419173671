using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Every rank sends its states to the rows' ranks in one exchange; those merge them in rank order.</summary>
internal sealed class StarMerge(ICommunicator communicator) : StateMerge
{
    private readonly GrowingBuffer _sent = new(communicator), _received = new(communicator);
    private readonly GrowingTensor _other = new(), _otherLse = new();
    private readonly long[] _sendCounts = new long[communicator.Size];
    private readonly long[] _receiveCounts = new long[communicator.Size];

    /// <inheritdoc/>
    internal override void Run(
        IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, in Tensor output, in Tensor lse, CommTag tag)
    {
        long row = states.Shape[1] * (states.Shape[2] + 1); // a state and its lse
        int own = rowsOf[communicator.Rank];
        CommRegion sent = _sent.Floats(states.Shape[0] * row);
        CommRegion received = _received.Floats(communicator.Size * own * row);
        (long start, int first) = (0, 0);
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            (_sendCounts[rank], _receiveCounts[rank]) = (rowsOf[rank] * row, own * row);
            Download(backend, states.Slice(first, rowsOf[rank]), sums.Slice(first, rowsOf[rank]), sent.Slice(start, _sendCounts[rank]));
            start += _sendCounts[rank];
            first += rowsOf[rank];
        }

        communicator.AllToAll(sent, _sendCounts, received, _receiveCounts, tag).Wait();
        for (int rank = 0; own > 0 && rank < communicator.Size; rank++)
        {
            Merge(backend, received.Slice(rank * own * row, own * row), output, lse);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[_sent, _received, _other, _otherLse])
        {
            part.Dispose();
        }
    }

    private static void Download(IBackend backend, in Tensor states, in Tensor sums, in CommRegion region)
    {
        long count = states.Shape.ElementCount;
        backend.Download(states, HostMemory.Floats(region.Slice(0, count)));
        backend.Download(sums, HostMemory.Floats(region.Slice(count, sums.Shape.ElementCount)));
    }

    private void Merge(IBackend backend, in CommRegion region, in Tensor output, in Tensor lse)
    {
        (Tensor other, Tensor otherLse) = (_other.Of(backend, output.Shape), _otherLse.Of(backend, lse.Shape));
        long count = other.Shape.ElementCount;
        backend.Upload<float>(HostMemory.Floats(region.Slice(0, count)), other);
        backend.Upload<float>(HostMemory.Floats(region.Slice(count, otherLse.Shape.ElementCount)), otherLse);
        backend.MergeStates(output, lse, other, otherLse);
    }
}
