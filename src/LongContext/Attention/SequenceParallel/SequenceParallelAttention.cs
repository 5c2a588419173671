using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Exact attention over ranks: inside a spread chunk by a <see cref="IChunkAttention"/>, to everything before it by <see cref="ShardedDecode"/>.</summary>
/// <remarks>Every rank runs the same model over its own rows; each token's keys and values are cached on the rank that computes it.</remarks>
internal sealed class SequenceParallelAttention : IAttentionMethod, IDisposable
{
    private readonly ICommunicator _communicator;
    private readonly IChunkAttention _inside;
    private readonly ShardedDecode _before;
    private readonly RankRows _rows;
    private readonly WholeChunkAttention _whole = new();
    private readonly GrowingTensor _lse = new();
    private readonly StepTimeline? _timeline;
    private uint _step;
    private long _left;

    /// <param name="communicator">This rank's; owned by the caller.</param>
    /// <param name="layout">Who computes which rows.</param>
    /// <param name="inside">Attention inside chunks that are spread.</param>
    /// <param name="exchange">How queries and states travel.</param>
    /// <param name="timeline">Records, if there is one.</param>
    internal SequenceParallelAttention(
        ICommunicator communicator, SequenceParallelLayout layout, IChunkAttention inside, QueryExchange exchange, StepTimeline? timeline)
    {
        (_communicator, _inside, _timeline) = (communicator, inside, timeline);
        _before = new ShardedDecode(communicator, exchange, timeline);
        _rows = new RankRows(communicator.Size, layout);
    }

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        _step++;
        _rows.Place(chunks);
        int last = -1;
        foreach (ref readonly PlacedRun placed in _rows.Of(_communicator.Rank))
        {
            StepChunk chunk = chunks[placed.Chunk];
            AddRows(chunk, placed.Run, rows);
            if (placed.Chunk != last) // the runs of one chunk stand together, in the rows and in the cache
            {
                AddSlots(placed.Chunk, chunk, rows.Batch);
                last = placed.Chunk;
            }
        }

        _whole.BeginStep(_rows.Of(_communicator.Rank), _rows.Spread(_communicator.Rank), chunks, _step);
        _inside.BeginStep(_rows, _step);
        _before.BeginStep(_rows, chunks, _step);
        _left = StepTimeline.Now;
        return false;
    }

    /// <inheritdoc/>
    public void AddItems(AttentionBatch batch)
    {
        // The step's own plan has slots alone: items depend on the layer's window, and most of them are over other pages.
    }

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        if (_step > 0) // a session's warm-up is not recorded
        {
            _timeline?.Add("projections and feed-forward", TimelineKind.Compute, _step, context.Layer, _left);
        }

        int count = _rows.Count(_communicator.Rank);
        int spread = _rows.Spread(_communicator.Rank);
        Tensor lse = _lse.Of(context.Backend, new TensorShape(count, q.Shape[1]));
        if (count > 0)
        {
            context.Backend.Rotary(q, context.Cos, context.Sin, context.RotaryLayout);
            context.Backend.Rotary(k, context.Cos, context.Sin, context.RotaryLayout);
            context.Backend.AppendKV(k, v, context.Cache, context.Layer, context.Plan);
        }

        if (_rows.AnySpread)
        {
            _inside.Forward(context, q.Slice(0, spread), k.Slice(0, spread), v.Slice(0, spread), output.Slice(0, spread), lse.Slice(0, spread));
        }

        if (count > spread)
        {
            int whole = count - spread;
            long started = StepTimeline.Now;
            _whole.Forward(context, q.Slice(spread, whole), output.Slice(spread, whole), lse.Slice(spread, whole));
            _timeline?.Add("attention to own tokens", TimelineKind.Compute, _step, context.Layer, started);
        }

        if (_rows.AnyLater)
        {
            _before.Forward(context, q, output, lse);
        }

        _left = StepTimeline.Now;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inside.Dispose();
        _before.Dispose();
        _whole.Dispose();
        _lse.Dispose();
    }

    private static void AddRows(in StepChunk chunk, in TokenRun run, StepRows rows)
    {
        int first = rows.TokenIds.Length;
        rows.Add(chunk.Tokens.Span.Slice((int)run.Start, (int)run.Count), (int)run.Start);
        int firstOutput = chunk.End - chunk.OutputCount;
        for (int position = (int)Math.Max(run.Start, firstOutput); position < run.End; position++)
        {
            rows.AddOutput(first + position - (int)run.Start, chunk.FirstOutput + position - firstOutput);
        }
    }

    private void AddSlots(int index, in StepChunk chunk, AttentionBatch batch)
    {
        int count = 0;
        foreach (ref readonly PlacedRun placed in _rows.Of(_communicator.Rank))
        {
            count += placed.Chunk == index ? (int)placed.Run.Count : 0;
        }

        batch.AddSequence(chunk.Pages.Pages, chunk.Shards!.Count, count);
    }
}
