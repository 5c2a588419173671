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
    private const int LongStep = 256; // tokens from which a step is worth leaving in its middle

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
    private readonly CommBuffer _flag;
    private uint _step;
    private bool _long;

    internal RankShare(ICommunicator communicator, CausalLM model, IAttentionMethod method, IBackend backend, KVCacheStorage cache)
    {
        (_communicator, _model, _method, _backend, _cache) = (communicator, model, method, backend, cache);
        _pages = new PagedKVCache(cache.Shape.Pages, cache.Shape.PageSize, PrefixReuse.Disabled);
        _rows = new StepRows(cache.Shape.PageSize);
        _outputs = new OutputGather(communicator, model.Config.HiddenSize);
        _flag = communicator.Allocate(sizeof(byte));
        model.BeforeLayer = LeaveIfAsked;
    }

    /// <summary>The model.</summary>
    internal CausalLM Model => _model;

    /// <summary>Rank 0: asked before each layer of a long step whether to leave it. Null: never.</summary>
    internal Func<bool>? ShouldAbandon { get; set; }

    /// <summary>Tokens that this rank has cached, over all sequences.</summary>
    internal long CachedTokens => _sequences.Values.Sum(s => (long)s.Shards.Count);

    /// <summary>Does this rank's share of a step.</summary>
    /// <param name="descriptor">What rank 0 said.</param>
    /// <param name="step">The step's number.</param>
    /// <returns>On rank 0: [outputs, hidden] of the step, in order; elsewhere nothing.</returns>
    /// <exception cref="StepAbandonedException">On all ranks: rank 0 was asked to leave the step, and it is as if it had not begun.</exception>
    internal ReadOnlySpan<float> Run(StepDescriptor descriptor, uint step)
    {
        _step = step;
        Describe(descriptor);
        try
        {
            return Compute();
        }
        catch (StepAbandonedException)
        {
            _chunks.ForEach(c => c.Shards!.RollBack());
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _flag.Dispose();
        _outputs.Dispose();
        (_method as IDisposable)?.Dispose();
        _cache.Dispose();
        _model.Dispose();
        _backend.Dispose();
    }

    private ReadOnlySpan<float> Compute()
    {
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

        return _outputs.Gather(_step);
    }

    /// <summary>In a long step, rank 0 says before each layer whether all leave it.</summary>
    private void LeaveIfAsked(int layer)
    {
        if (!_long)
        {
            return;
        }

        _flag.Span<byte>()[0] = (byte)(ShouldAbandon?.Invoke() == true ? 1 : 0);
        _communicator.Broadcast(_flag.Region(ElementKind.Byte), 0, new CommTag(_step, (ushort)layer, CommPhase.Control, 4)).Wait();
        if (_flag.Span<byte>()[0] != 0)
        {
            throw new StepAbandonedException();
        }
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
        long rows = 0;
        for (int chunks = descriptor.ReadInt(); chunks > 0; chunks--)
        {
            long number = descriptor.ReadLong();
            (int start, int count, int outputCount) = (descriptor.ReadInt(), descriptor.ReadInt(), descriptor.ReadInt());
            (int contextLength, int promptLength) = (descriptor.ReadInt(), descriptor.ReadInt());
            RankSequence sequence = SequenceOf(number, start);
            sequence.Append(descriptor.Read(descriptor.ReadInt()));
            _chunks.Add(new StepChunk(
                number, sequence.Tokens, contextLength, promptLength, start, count, outputs, outputCount, sequence.Shards.Pages, sequence.Shards));
            sequence.Shards.BeginStep();
            outputs += outputCount;
            rows += count;
        }

        _long = rows >= LongStep;
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
