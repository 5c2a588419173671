using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Takes queries to every rank, and every rank's states of them back to the queries' ranks, where they are merged.</summary>
/// <remarks>A moved row's rank is its owner. Moved rows stand in the order of their owners on every rank.</remarks>
internal abstract class QueryExchange(ICommunicator communicator) : IDisposable
{
    private readonly GrowingBuffer _queries = new(communicator);
    private readonly GrowingTensor _moved = new();
    private readonly long[] _counts = new long[communicator.Size];

    /// <summary>This rank's communicator.</summary>
    protected ICommunicator Communicator { get; } = communicator;

    /// <summary>Every rank's rows to every rank.</summary>
    /// <param name="backend">Where they are.</param>
    /// <param name="own">[rows of this rank, qHeads, headDim].</param>
    /// <param name="rowsOf">[ranks]: rows of each.</param>
    /// <param name="total">Rows of all.</param>
    /// <param name="tag">The layer's and slice's.</param>
    /// <returns>[rows of all ranks, qHeads, headDim]; valid until the next call.</returns>
    internal Tensor MoveQueries(IBackend backend, in Tensor own, ReadOnlySpan<int> rowsOf, int total, CommTag tag)
    {
        long row = own.Shape[1] * own.Shape[2];
        long before = 0;
        for (int rank = 0; rank < rowsOf.Length; rank++)
        {
            _counts[rank] = rowsOf[rank] * row;
            before += rank < Communicator.Rank ? _counts[rank] : 0;
        }

        CommRegion all = _queries.Floats(total * row);
        backend.Download(own, HostMemory.Floats(all.Slice(before, _counts[Communicator.Rank])));
        Spread(all, _counts, tag with { Phase = CommPhase.MoveQuery });
        Tensor moved = _moved.Of(backend, new TensorShape(total, own.Shape[1], own.Shape[2]));
        backend.Upload<float>(HostMemory.Floats(all), moved);
        return moved;
    }

    /// <summary>Merges every rank's states into the owners' rows.</summary>
    /// <param name="backend">Where the states are.</param>
    /// <param name="states">[moved rows, qHeads, headDim]: this rank's part; scratch afterwards.</param>
    /// <param name="sums">[moved rows, qHeads]: their lse, −∞ where this rank has no key; scratch afterwards.</param>
    /// <param name="rowsOf">[ranks]: rows of each.</param>
    /// <param name="output">[rows of this rank, qHeads, headDim]; updated.</param>
    /// <param name="lse">[rows of this rank, qHeads]; updated.</param>
    /// <param name="tag">The layer's and slice's.</param>
    internal abstract void Merge(
        IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, in Tensor output, in Tensor lse, CommTag tag);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Fills in the other ranks' blocks; this rank's is in its place.</summary>
    protected abstract void Spread(in CommRegion all, ReadOnlySpan<long> counts, CommTag tag);

    /// <summary>Frees the buffers.</summary>
    protected virtual void Dispose(bool disposing)
    {
        _queries.Dispose();
        _moved.Dispose();
    }
}
