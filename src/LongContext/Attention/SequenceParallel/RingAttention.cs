using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Queries stay, keys and values of all ranks come by on a ring, the next block on its way while this one is attended to.</summary>
/// <remarks>Exact. A rank may stand for a group, of whose rows it has some heads. Bytes sent by each rank and layer: (ranks − 1) · rows · 2 · kvHeads · headDim · bytes of a cached element.</remarks>
internal sealed class RingAttention(ICommunicator communicator, StepTimeline? timeline) : IChunkAttention
{
    private const int PageSize = 64;

    private readonly List<RingPlan> _plans = [];
    private readonly AttentionBatch _batch = new() { PageSize = PageSize };
    private readonly List<TokenRun> _keys = [];
    private readonly SpreadRows _own = new(communicator.Size);
    private readonly GrowingTensor _k = new(), _v = new(), _other = new(), _otherLse = new();
    private KeyValueRows _held = new(communicator);
    private KeyValueRows _next = new(communicator);
    private AttentionPlan? _append;
    private KVCacheStorage? _exchange;
    private int[] _pages = [];
    private SpreadRows? _rows;
    private KVCacheShape? _shape;
    private uint _step;

    /// <inheritdoc/>
    public void BeginStep(RankRows rows, uint step)
    {
        _own.Clear();
        for (int rank = 0; rank < rows.Ranks; rank++)
        {
            int row = 0;
            foreach (ref readonly PlacedRun placed in rows.Of(rank))
            {
                if (row == rows.Spread(rank))
                {
                    break; // the chunks that are not spread
                }

                _own.Add(rank, placed);
                row += (int)placed.Run.Count;
            }
        }

        BeginStep(_own, step);
    }

    /// <summary>Takes over a step's rows, a block for each rank of the ring.</summary>
    internal void BeginStep(SpreadRows rows, uint step) => (_rows, _step) = (rows, step);

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output, in Tensor lse)
    {
        (int rank, int size) = (communicator.Rank, communicator.Size);
        KVCacheShape shape = _shape ??= context.Cache.Shape with { Layers = 1, KVHeads = (int)k.Shape[1], PageSize = PageSize };
        Reserve(context.Backend, shape);
        RingPlan plan = PlanFor(context);
        _held.Store(context.Backend, k, v, shape);
        for (int turn = 0; turn < size; turn++)
        {
            int source = (rank + size - turn) % size;
            int coming = (source + size - 1) % size;
            long started = StepTimeline.Now;
            CommOperation transfer = turn == size - 1 ? default : communicator.SendReceive(
                _held.Region(_rows!.Count(source), shape), (rank + 1) % size, _next.Region(_rows.Count(coming), shape), (rank + size - 1) % size,
                new CommTag(_step, (ushort)context.Layer, CommPhase.RingKeyValue, (byte)turn));
            if (turn == 0)
            {
                Attend(context, plan, source, q, k, v, output, lse);
            }
            else if (plan.Sees(source))
            {
                TensorShape block = new(_rows!.Count(source), shape.KVHeads, shape.HeadDim);
                (Tensor theirK, Tensor theirV) = (_k.Of(context.Backend, block), _v.Of(context.Backend, block));
                _held.Load(context.Backend, theirK, theirV, shape);
                (Tensor other, Tensor otherLse) = (_other.Of(context.Backend, q.Shape), _otherLse.Of(context.Backend, lse.Shape));
                Attend(context, plan, source, q, theirK, theirV, other, otherLse);
                context.Backend.MergeStates(output, lse, other, otherLse);
            }

            long waiting = StepTimeline.Now;
            transfer.Wait();
            if (turn < size - 1)
            {
                timeline?.Add("ring transfer", TimelineKind.Communication, _step, context.Layer, started);
                timeline?.Add("wait for the ring", TimelineKind.Communication, _step, context.Layer, waiting);
            }

            (_held, _next) = (_next, _held);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_k, _v, _other, _otherLse, _held, _next, _append, _exchange, .. _plans])
        {
            part?.Dispose();
        }
    }

    /// <summary>The block's keys and values into the exchange pages, then one state over them.</summary>
    private void Attend(
        in AttentionContext context, RingPlan plan, int source, in Tensor q, in Tensor k, in Tensor v, in Tensor output, in Tensor lse)
    {
        if (!plan.Sees(source))
        {
            return;
        }

        long started = StepTimeline.Now;
        _batch.Clear();
        _batch.AddSequence(_pages, k.Rows, k.Rows);
        context.Backend.Plan(_append!, _batch);
        context.Backend.AppendKV(k, v, _exchange!, 0, _append!);
        context.Backend.Attention(q, _exchange!, 0, plan.Of(source), context.Parameters, output, lse);
        timeline?.Add("ring attention", TimelineKind.Compute, _step, context.Layer, started);
    }

    /// <summary>Exchange pages for the largest block of this step.</summary>
    private void Reserve(IBackend backend, KVCacheShape shape)
    {
        int most = 1;
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            most = Math.Max(most, _rows!.Count(rank));
        }

        if ((long)_pages.Length * PageSize < most)
        {
            _exchange?.Dispose();
            _pages = [.. Enumerable.Range(0, (most + PageSize - 1) / PageSize)];
            _exchange = backend.AllocateKVCache(shape with { Pages = _pages.Length });
        }

        _append ??= backend.CreatePlan();
    }

    private RingPlan PlanFor(in AttentionContext context)
    {
        int window = context.Parameters.Window;
        RingPlan? plan = _plans.Find(p => p.Window == window);
        if (plan is null)
        {
            plan = new RingPlan(context.Backend, window, communicator.Size);
            _plans.Add(plan);
        }

        if (plan.Step != _step)
        {
            for (int source = 0; source < communicator.Size; source++)
            {
                bool any = Describe(source, window);
                plan.Set(context.Backend, source, _batch, any);
            }

            plan.Step = _step;
        }

        return plan;
    }

    /// <summary>Fills the batch: this rank's rows against the block of <paramref name="source"/>.</summary>
    private bool Describe(int source, int window)
    {
        int rank = communicator.Rank;
        int keys = _rows!.Count(source);
        _batch.Clear();
        _batch.AddQueries(_pages.AsSpan(0, (keys + PageSize - 1) / PageSize), keys, _rows.Count(rank));
        bool any = false;
        int row = 0;
        foreach (ref readonly PlacedRun mine in _rows.Of(rank))
        {
            int first = FindKeys(source, mine.Chunk);
            any |= CausalItems.Add(_batch, 0, row, mine.Run, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_keys), first, window);
            row += (int)mine.Run.Count;
        }

        return any;
    }

    /// <summary>The runs of a chunk that <paramref name="source"/> has, into the list of keys.</summary>
    /// <returns>Where they start in its block.</returns>
    private int FindKeys(int source, int chunk)
    {
        _keys.Clear();
        (int first, int row) = (0, 0);
        foreach (ref readonly PlacedRun theirs in _rows!.Of(source))
        {
            if (theirs.Chunk == chunk)
            {
                first = _keys.Count == 0 ? row : first;
                _keys.Add(theirs.Run);
            }

            row += (int)theirs.Run.Count;
        }

        return first;
    }
}
