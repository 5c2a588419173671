using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Attention to what was cached before the step, on all ranks: queries travel, states come back and are merged, keys and values never move.</summary>
/// <remarks>
/// For decode rows, and for the rows of a later part of a prompt. Every rank attends with every moved row to all its keys before the row's
/// chunk: no mask but the window's. Bytes per row and layer at its rank: (ranks − 1) · qHeads · (2 · headDim + 1) · 4, both ways together.
/// </remarks>
internal sealed class ShardedDecode(ICommunicator communicator, QueryExchange exchange, StepTimeline? timeline) : IDisposable
{
    /// <summary>Most rows that a rank moves at once: bounds the memory for other ranks' queries.</summary>
    internal const int RowsAtOnce = 1024;

    private readonly List<(int Window, int Slice, uint Step, AttentionPlan Plan)> _plans = [];
    private readonly List<StepChunk> _chunks = [];
    private readonly List<TokenRun> _keys = [];
    private readonly GrowingTensor _output = new(), _lse = new();
    private readonly int[] _rowsOf = new int[communicator.Size];
    private AttentionBatch? _batch;
    private RankRows? _rows;
    private uint _step;

    /// <summary>Takes over a step's rows; called once a step in which <see cref="RankRows.AnyLater"/>.</summary>
    internal void BeginStep(RankRows rows, ReadOnlySpan<StepChunk> chunks, uint step)
    {
        (_rows, _step) = (rows, step);
        _chunks.Clear();
        _chunks.AddRange(chunks);
    }

    /// <summary>Merges one layer's attention to earlier tokens into what the rows have seen of their own chunks.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[rows of this rank, qHeads, headDim], turned.</param>
    /// <param name="output">Shape of q; updated.</param>
    /// <param name="lse">[rows of this rank, qHeads]; updated.</param>
    internal void Forward(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse)
    {
        (int start, int count) = _rows!.Later(communicator.Rank);
        int slices = Slices();
        for (int slice = 0; slice < slices; slice++)
        {
            int total = CountRows(slice);
            int own = _rowsOf[communicator.Rank];
            int first = Math.Min(start + (slice * RowsAtOnce), start + count);
            CommTag tag = new(_step, (ushort)context.Layer, CommPhase.MergeStates, (byte)slice);
            long started = StepTimeline.Now;
            Tensor moved = exchange.MoveQueries(context.Backend, q.Slice(first, own), _rowsOf, total, tag);
            timeline?.Add("move queries", TimelineKind.Communication, _step, context.Layer, started);
            started = StepTimeline.Now;
            Tensor states = _output.Of(context.Backend, moved.Shape);
            Tensor sums = _lse.Of(context.Backend, new TensorShape(total, q.Shape[1]));
            AttentionPlan plan = PlanFor(context, slice);
            context.Backend.Attention(moved, context.Cache, context.Layer, plan, context.Parameters, states, sums);
            timeline?.Add("attention to earlier tokens", TimelineKind.Compute, _step, context.Layer, started);
            started = StepTimeline.Now;
            exchange.Merge(context.Backend, states, sums, _rowsOf, output.Slice(first, own), lse.Slice(first, own), tag);
            timeline?.Add("merge states", TimelineKind.Communication, _step, context.Layer, started);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[_output, _lse, exchange, .. _plans.Select(p => p.Plan)])
        {
            part.Dispose();
        }
    }

    private int Slices()
    {
        int most = 0;
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            most = Math.Max(most, _rows!.Later(rank).Count);
        }

        return (most + RowsAtOnce - 1) / RowsAtOnce;
    }

    private int CountRows(int slice)
    {
        int total = 0;
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            _rowsOf[rank] = Math.Clamp(_rows!.Later(rank).Count - (slice * RowsAtOnce), 0, RowsAtOnce);
            total += _rowsOf[rank];
        }

        return total;
    }

    private AttentionPlan PlanFor(in AttentionContext context, int slice)
    {
        int window = context.Parameters.Window;
        int index = _plans.FindIndex(p => p.Window == window && p.Slice == slice);
        if (index < 0)
        {
            index = _plans.Count;
            _plans.Add((window, slice, _step - 1, context.Backend.CreatePlan()));
        }

        if (_plans[index].Step != _step)
        {
            Describe(slice, window, context.Cache.Shape.PageSize);
            context.Backend.Plan(_plans[index].Plan, _batch!);
            _plans[index] = _plans[index] with { Step = _step };
        }

        return _plans[index].Plan;
    }

    /// <summary>Fills the batch: all ranks' rows of a slice against this rank's earlier keys.</summary>
    private void Describe(int slice, int window, int pageSize)
    {
        _batch ??= new AttentionBatch { PageSize = pageSize };
        _batch.Clear();
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            (int start, _) = _rows!.Later(rank);
            int from = start + (slice * RowsAtOnce);
            int row = 0;
            foreach (ref readonly PlacedRun placed in _rows.Of(rank))
            {
                long skip = Math.Max(0, from - row);
                long take = Math.Min(placed.Run.Count, from + _rowsOf[rank] - row) - skip;
                row += (int)placed.Run.Count;
                if (take > 0)
                {
                    Add(placed.Chunk, new TokenRun(placed.Run.Start + skip, take), window);
                }
            }
        }
    }

    private void Add(int index, in TokenRun rows, int window)
    {
        StepChunk chunk = _chunks[index];
        CausalItems.Before(chunk.Shards!.Runs, chunk.Start, _keys);
        int keys = 0;
        foreach (TokenRun run in _keys)
        {
            keys += (int)run.Count;
        }

        int firstRow = _batch!.TokenCount;
        ReadOnlySpan<int> pages = chunk.Pages.Pages[..((keys + _batch.PageSize - 1) / _batch.PageSize)];
        int sequence = _batch.AddQueries(pages, keys, (int)rows.Count);
        CausalItems.Add(_batch, sequence, firstRow, rows, CollectionsMarshal.AsSpan(_keys), 0, window);
    }
}
