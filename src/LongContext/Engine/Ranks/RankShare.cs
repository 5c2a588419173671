using System.Runtime.InteropServices;
using LongContext.Attention;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.KVCache;
using LongContext.Models;

namespace LongContext.Engine.Ranks;

/// <summary>One rank's share of every step: reads the descriptor, runs the model over this rank's rows, sends wanted rows' hidden states to rank 0.</summary>
/// <remarks>The same on every rank, and so is what it knows of sequences. Owns model, method, backend and cache memory; not the communicator.</remarks>
internal sealed class RankShare : IDisposable
{
    private readonly ICommunicator _communicator;
    private readonly CausalLM _model;
    private readonly IAttentionMethod _method;
    private readonly IBackend _backend;
    private readonly KVCacheStorage _cache;
    private readonly PagedKVCache _pages;
    private readonly Dictionary<long, RankSequence> _sequences = [];
    private readonly List<StepChunk> _chunks = [];
    private readonly StepRows _rows;
    private readonly OutputGather _outputs;

    internal RankShare(ICommunicator communicator, CausalLM model, IAttentionMethod method, IBackend backend, KVCacheStorage cache)
    {
        (_communicator, _model, _method, _backend, _cache) = (communicator, model, method, backend, cache);
        _pages = new PagedKVCache(cache.Shape.Pages, cache.Shape.PageSize, PrefixReuse.Disabled);
        _rows = new StepRows(cache.Shape.PageSize);
        _outputs = new OutputGather(communicator, model.Config.HiddenSize);
    }

    /// <summary>The model.</summary>
    internal CausalLM Model => _model;

    /// <summary>Tokens that this rank has cached, over all sequences.</summary>
    internal long CachedTokens => _sequences.Values.Sum(s => (long)s.Shards.Count);

    /// <summary>Does this rank's share of a step.</summary>
    /// <param name="descriptor">What rank 0 said.</param>
    /// <param name="step">The step's number.</param>
    /// <returns>On rank 0: [outputs, hidden] of the step, in order; elsewhere nothing.</returns>
    internal ReadOnlySpan<float> Run(StepDescriptor descriptor, uint step)
    {
        Describe(descriptor);
        int outputs = _chunks.Count == 0 ? 0 : _chunks[^1].FirstOutput + _chunks[^1].OutputCount;
        _outputs.Begin(outputs);
        bool more = true;
        for (int pass = 0; more; pass++)
        {
            _rows.Clear();
            more = _method.LayOut(CollectionsMarshal.AsSpan(_chunks), pass, _rows);
            StepInput input = new()
            {
                TokenIds = _rows.TokenIds,
                Positions = _rows.Positions,
                OutputRows = _rows.OutputRows,
                Batch = _rows.Batch,
            };
            _model.ForwardHidden(input, _cache, _outputs.Take(_rows.Outputs));
        }

        return _outputs.Gather(step);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _outputs.Dispose();
        (_method as IDisposable)?.Dispose();
        _cache.Dispose();
        _model.Dispose();
        _backend.Dispose();
    }

    private void Describe(StepDescriptor descriptor)
    {
        for (int released = descriptor.ReadInt(); released > 0; released--)
        {
            long number = descriptor.ReadLong();
            if (_sequences.Remove(number, out RankSequence? sequence))
            {
                sequence.Clear();
            }
        }

        _chunks.Clear();
        int outputs = 0;
        for (int chunks = descriptor.ReadInt(); chunks > 0; chunks--)
        {
            long number = descriptor.ReadLong();
            (int start, int count, int outputCount) = (descriptor.ReadInt(), descriptor.ReadInt(), descriptor.ReadInt());
            (int contextLength, int promptLength) = (descriptor.ReadInt(), descriptor.ReadInt());
            RankSequence sequence = SequenceOf(number, start);
            sequence.Append(descriptor.Read(descriptor.ReadInt()));
            _chunks.Add(new StepChunk(
                number, sequence.Tokens, contextLength, promptLength, start, count, outputs, outputCount, sequence.Shards.Pages, sequence.Shards));
            outputs += outputCount;
        }
    }

    private RankSequence SequenceOf(long number, int start)
    {
        if (!_sequences.TryGetValue(number, out RankSequence? sequence))
        {
            sequence = new RankSequence(new ShardedSequence(number, _communicator.Rank, _communicator.Size, _pages));
            _sequences.Add(number, sequence);
        }
        else if (start == 0)
        {
            sequence.Clear(); // it was preempted and starts anew
        }

        return sequence;
    }
}
