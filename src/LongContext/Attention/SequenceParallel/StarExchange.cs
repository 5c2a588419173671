using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>One exchange there and one back: every rank sends its states straight to the owners, who merge them in rank order.</summary>
internal sealed class StarExchange(ICommunicator communicator) : QueryExchange(communicator)
{
    private readonly StateRows _sent = new(communicator), _received = new(communicator);
    private readonly GrowingTensor _other = new(), _otherLse = new();
    private readonly long[] _sendCounts = new long[communicator.Size];
    private readonly long[] _receiveCounts = new long[communicator.Size];

    /// <inheritdoc/>
    internal override void Merge(
        IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, in Tensor output, in Tensor lse, CommTag tag)
    {
        long row = StateRows.FloatsPerRow(states);
        int own = rowsOf[Communicator.Rank];
        CommRegion sent = _sent.Region(states.Rows, row);
        CommRegion received = _received.Region(Communicator.Size * own, row);
        int first = 0;
        for (int rank = 0; rank < Communicator.Size; rank++)
        {
            (_sendCounts[rank], _receiveCounts[rank]) = (rowsOf[rank] * row, own * row);
            StateRows.Store(backend, states.Slice(first, rowsOf[rank]), sums.Slice(first, rowsOf[rank]), sent.Slice(first * row, _sendCounts[rank]));
            first += rowsOf[rank];
        }

        Communicator.AllToAll(sent, _sendCounts, received, _receiveCounts, tag).Wait();
        (Tensor other, Tensor otherLse) = (_other.Of(backend, output.Shape), _otherLse.Of(backend, lse.Shape));
        for (int rank = 0; own > 0 && rank < Communicator.Size; rank++)
        {
            StateRows.Load(backend, received.Slice(rank * own * row, own * row), other, otherLse);
            backend.MergeStates(output, lse, other, otherLse);
        }
    }

    /// <inheritdoc/>
    protected override void Spread(in CommRegion all, ReadOnlySpan<long> counts, CommTag tag)
    {
        long before = 0;
        foreach (long count in counts[..Communicator.Rank])
        {
            before += count;
        }

        Communicator.AllGather(all.Slice(before, counts[Communicator.Rank]), all, counts, tag).Wait();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (IDisposable part in (IDisposable[])[_sent, _received, _other, _otherLse])
        {
            part.Dispose();
        }
    }
}
