using System.Numerics;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>A binary tree for each owner: queries go down it in log₂(ranks) rounds, states come up it, merged at every node.</summary>
/// <remarks>
/// Seen from an owner, a rank's distance is how many ranks it comes after it, round the ring. In the round of stride s, ranks at distances
/// that are odd multiples of s send their states to those s nearer; queries go the other way. Distances shift with the owner but strides
/// do not: whatever the owners, a rank exchanges with the same two ranks in a round, and one message carries the rows of many owners.
/// </remarks>
internal sealed class TreeExchange(ICommunicator communicator) : QueryExchange(communicator)
{
    private const int RoundsOfASlice = 16;

    private readonly GrowingBuffer _sentQueries = new(communicator), _receivedQueries = new(communicator);
    private readonly StateRows _sent = new(communicator), _received = new(communicator);
    private readonly GrowingTensor _other = new(), _otherLse = new();
    private readonly int[] _all = [.. Enumerable.Range(0, communicator.Size)];

    private int Size => Communicator.Size;

    /// <inheritdoc/>
    internal override void Merge(
        IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, in Tensor output, in Tensor lse, CommTag tag)
    {
        long row = StateRows.FloatsPerRow(states);
        for (int stride = 1; stride < Size; stride *= 2)
        {
            (long sentRows, long receivedRows) = (0, 0);
            foreach (int owner in _all)
            {
                sentRows += IsFar(owner, stride) ? rowsOf[owner] : 0;
                receivedRows += IsNear(owner, stride) ? rowsOf[owner] : 0;
            }

            CommRegion sent = _sent.Region(sentRows, row);
            CommRegion received = _received.Region(receivedRows, row);
            StoreFar(backend, states, sums, rowsOf, stride, sent.Slice(0, sent.Count));
            Exchange(sent, -stride, received, Round(tag, stride));
            MergeNear(backend, states, sums, rowsOf, stride, received);
        }

        (int first, int own) = Block(rowsOf, Communicator.Rank);
        if (own > 0)
        {
            backend.MergeStates(output, lse, states.Slice(first, own), sums.Slice(first, own));
        }
    }

    /// <inheritdoc/>
    protected override void Spread(in CommRegion all, ReadOnlySpan<long> counts, CommTag tag)
    {
        for (int stride = (int)BitOperations.RoundUpToPowerOf2((uint)Size) / 2; stride > 0; stride /= 2)
        {
            (long sentCount, long receivedCount) = (0, 0);
            foreach (int owner in _all)
            {
                sentCount += IsNear(owner, stride) ? counts[owner] : 0;
                receivedCount += IsFar(owner, stride) ? counts[owner] : 0;
            }

            CommRegion sent = _sentQueries.Floats(sentCount);
            CommRegion received = _receivedQueries.Floats(receivedCount);
            (long start, long packed) = (0, 0);
            foreach (int owner in _all)
            {
                if (IsNear(owner, stride))
                {
                    HostMemory.Floats(all.Slice(start, counts[owner])).CopyTo(HostMemory.Floats(sent.Slice(packed, counts[owner])));
                    packed += counts[owner];
                }

                start += counts[owner];
            }

            Exchange(sent, stride, received, Round(tag, stride));
            (start, packed) = (0, 0);
            foreach (int owner in _all)
            {
                if (IsFar(owner, stride))
                {
                    HostMemory.Floats(received.Slice(packed, counts[owner])).CopyTo(HostMemory.Floats(all.Slice(start, counts[owner])));
                    packed += counts[owner];
                }

                start += counts[owner];
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (IDisposable part in (IDisposable[])[_sentQueries, _receivedQueries, _sent, _received, _other, _otherLse])
        {
            part.Dispose();
        }
    }

    private static CommTag Round(CommTag tag, int stride) => tag with { Part = (byte)((tag.Part * RoundsOfASlice) + BitOperations.Log2((uint)stride)) };

    private static (int First, int Count) Block(ReadOnlySpan<int> rowsOf, int owner)
    {
        int first = 0;
        foreach (int rows in rowsOf[..owner])
        {
            first += rows;
        }

        return (first, rowsOf[owner]);
    }

    /// <summary>Whether this rank has a child in the owner's tree, one stride further.</summary>
    private bool IsNear(int owner, int stride) => Distance(owner) % (2 * stride) == 0 && Distance(owner) + stride < Size;

    /// <summary>Whether this rank's parent in the owner's tree is one stride nearer.</summary>
    private bool IsFar(int owner, int stride) => Distance(owner) % (2 * stride) == stride;

    private int Distance(int owner) => (Communicator.Rank - owner + Size) % Size;

    /// <summary>Sends so many ranks on and receives from as many before; who has nothing to send or to get leaves that half out, on both sides.</summary>
    private void Exchange(in CommRegion sent, int ranksOn, in CommRegion received, CommTag tag)
    {
        int to = sent.Count > 0 ? (Communicator.Rank + ranksOn + Size) % Size : Communication.Communicator.NoRank;
        int from = received.Count > 0 ? (Communicator.Rank - ranksOn + Size) % Size : Communication.Communicator.NoRank;
        Communicator.SendReceive(sent, to, received, from, tag).Wait();
    }

    private void StoreFar(IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, int stride, CommRegion rest)
    {
        foreach (int owner in _all)
        {
            if (IsFar(owner, stride))
            {
                (int first, int count) = Block(rowsOf, owner);
                long floats = count * StateRows.FloatsPerRow(states);
                StateRows.Store(backend, states.Slice(first, count), sums.Slice(first, count), rest.Slice(0, floats));
                rest = rest.Slice(floats, rest.Count - floats);
            }
        }
    }

    private void MergeNear(IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, int stride, CommRegion rest)
    {
        foreach (int owner in _all)
        {
            (int first, int count) = Block(rowsOf, owner);
            if (IsNear(owner, stride) && count > 0)
            {
                long floats = count * StateRows.FloatsPerRow(states);
                (Tensor ours, Tensor oursLse) = (states.Slice(first, count), sums.Slice(first, count));
                (Tensor other, Tensor otherLse) = (_other.Of(backend, ours.Shape), _otherLse.Of(backend, oursLse.Shape));
                StateRows.Load(backend, rest.Slice(0, floats), other, otherLse);
                backend.MergeStates(ours, oursLse, other, otherLse);
                rest = rest.Slice(floats, rest.Count - floats);
            }
        }
    }
}
