using LongContext.Communication;

namespace LongContext.Engine.Ranks;

/// <summary>Brings the hidden states of a step's wanted rows from the ranks that computed them to rank 0, in order.</summary>
internal sealed class OutputGather(ICommunicator communicator, int hiddenSize) : IDisposable
{
    private readonly long[] _sendCounts = new long[communicator.Size];
    private readonly long[] _receiveCounts = new long[communicator.Size];
    private CommBuffer? _sent, _received, _places;
    private float[] _ordered = [];
    private int _outputs;
    private int _own;

    /// <summary>[outputs] of this rank: place among its rows, or −1 where another rank has the row.</summary>
    private Span<int> Own => _places!.Span<int>().Slice(communicator.Rank * _outputs, _outputs);

    /// <summary>Begins a step of so many wanted rows over all ranks.</summary>
    internal void Begin(int outputs)
    {
        (_outputs, _own) = (outputs, 0);
        long bytes = (long)outputs * hiddenSize * sizeof(float);
        Reserve(ref _sent, bytes);
        Reserve(ref _received, communicator.Rank == 0 ? bytes : 0);
        Reserve(ref _places, (long)communicator.Size * outputs * sizeof(int));
        Own.Fill(-1);
    }

    /// <summary>Room for the hidden states of one pass's rows.</summary>
    /// <param name="outputs">Which of the step's outputs they are.</param>
    internal Span<float> Take(ReadOnlySpan<int> outputs)
    {
        int first = _own;
        foreach (int output in outputs)
        {
            Own[output] = _own++;
        }

        return _sent!.Span<float>().Slice(first * hiddenSize, outputs.Length * hiddenSize);
    }

    /// <summary>Exchanges; every rank calls.</summary>
    /// <returns>On rank 0: [outputs, hidden]; elsewhere nothing.</returns>
    internal ReadOnlySpan<float> Gather(uint step)
    {
        if (_outputs == 0)
        {
            return [];
        }

        CommRegion places = _places!.Region(ElementKind.Byte).Slice(0, (long)communicator.Size * _outputs * sizeof(int));
        long block = (long)_outputs * sizeof(int);
        communicator.AllGather(places.Slice(communicator.Rank * block, block), places, new CommTag(step, 0, CommPhase.Control, 2)).Wait();

        bool first = communicator.Rank == 0;
        long received = 0;
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            _sendCounts[rank] = rank == 0 ? (long)_own * hiddenSize : 0;
            _receiveCounts[rank] = first ? (long)CountOf(rank) * hiddenSize : 0;
            received += _receiveCounts[rank];
        }

        CommRegion send = _sent!.Region(ElementKind.Float32).Slice(0, (long)_own * hiddenSize);
        CommRegion receive = _received!.Region(ElementKind.Float32).Slice(0, received);
        communicator.AllToAll(send, _sendCounts, receive, _receiveCounts, new CommTag(step, 0, CommPhase.Control, 3)).Wait();
        return first ? Order() : [];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sent?.Dispose();
        _received?.Dispose();
        _places?.Dispose();
    }

    private ReadOnlySpan<int> PlacesOf(int rank) => _places!.Span<int>().Slice(rank * _outputs, _outputs);

    private int CountOf(int rank)
    {
        int count = 0;
        foreach (int place in PlacesOf(rank))
        {
            count += place >= 0 ? 1 : 0;
        }

        return count;
    }

    private ReadOnlySpan<float> Order()
    {
        int floats = _outputs * hiddenSize;
        _ordered = _ordered.Length < floats ? new float[floats] : _ordered;
        (int start, int found) = (0, 0);
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            ReadOnlySpan<int> places = PlacesOf(rank);
            for (int output = 0; output < _outputs; output++)
            {
                if (places[output] >= 0)
                {
                    ReadOnlySpan<float> row = _received!.Span<float>().Slice((start + places[output]) * hiddenSize, hiddenSize);
                    row.CopyTo(_ordered.AsSpan(output * hiddenSize));
                    found++;
                }
            }

            start += CountOf(rank);
        }

        return found == _outputs
            ? _ordered.AsSpan(0, floats)
            : throw new InvalidOperationException($"The ranks computed {found} rows for {_outputs} outputs.");
    }

    private void Reserve(ref CommBuffer? buffer, long byteCount)
    {
        if (buffer is null || buffer.ByteCount < byteCount)
        {
            buffer?.Dispose();
            buffer = communicator.Allocate(byteCount);
        }
    }
}
