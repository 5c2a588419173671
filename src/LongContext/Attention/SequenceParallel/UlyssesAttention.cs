using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Inside a group of ranks each one attends for its share of the heads, over all of the group's rows (Ulysses); groups pass keys and values round a ring (USP).</summary>
/// <remarks>Exact. One group of all ranks is plain Ulysses. What is sent: see <see cref="HeadExchange"/> and, with a share of the heads, <see cref="RingAttention"/>.</remarks>
internal sealed class UlyssesAttention : IChunkAttention
{
    private const int MostInGroup = 8; // of USP: beyond a host's or rack's own links, a ring is better

    private readonly ICommunicator _communicator;
    private readonly int _groupSize;
    private readonly AttentionModel _model;
    private readonly StepTimeline? _timeline;
    private readonly HeadShare[] _shares;
    private readonly GroupRows _rows;
    private readonly GrowingTensor _q = new(), _k = new(), _v = new(), _output = new(), _lse = new();
    private ICommunicator? _group;
    private ICommunicator? _across;
    private HeadExchange? _exchange;
    private RingAttention? _ring;
    private uint _step;

    /// <param name="communicator">This rank's; owned by the caller.</param>
    /// <param name="groupSize">Ranks of a group: a divisor of all, at most the query heads.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="timeline">Records, if there is one.</param>
    internal UlyssesAttention(ICommunicator communicator, int groupSize, AttentionModel model, StepTimeline? timeline)
    {
        (_communicator, _groupSize, _model, _timeline) = (communicator, groupSize, model, timeline);
        _shares = HeadShare.Divide(model.QHeads, model.KVHeads, groupSize);
        _rows = new GroupRows(communicator.Size, groupSize, communicator.Rank);
    }

    /// <summary>Ranks of USP's groups: as many as divide the ranks, up to 8 and the key/value heads, so that none of these is copied.</summary>
    internal static int GroupSize(int ranks, int kvHeads)
    {
        int size = Math.Min(ranks, Math.Min(MostInGroup, kvHeads));
        while (ranks % size != 0)
        {
            size--;
        }

        return size;
    }

    /// <inheritdoc/>
    public void BeginStep(RankRows rows, uint step)
    {
        _step = step;
        if (rows.AnySpread)
        {
            _rows.Place(rows);
        }
    }

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output, in Tensor lse)
    {
        Connect();
        IBackend backend = context.Backend;
        HeadShare mine = _shares[_group!.Rank];
        CommTag tag = new(_step, (ushort)context.Layer, CommPhase.ScatterHeads, 0);
        long started = StepTimeline.Now;
        TensorShape keys = new(_rows.Count, mine.LocalKVHeads, _model.HeadDim);
        Tensor heads = _q.Of(backend, new TensorShape(_rows.Count, mine.QCount, _model.HeadDim));
        (Tensor headsK, Tensor headsV) = (_k.Of(backend, keys), _v.Of(backend, keys));
        _exchange!.Scatter(backend, q, k, v, _rows, context.Cache.Shape.Type, tag, (heads, headsK, headsV));
        _timeline?.Add("scatter heads", TimelineKind.Communication, _step, context.Layer, started);

        (Tensor states, Tensor sums) = (_output.Of(backend, heads.Shape), _lse.Of(backend, new TensorShape(_rows.Count, mine.QCount)));
        _ring!.BeginStep(_rows.Blocks, _step);
        _ring.Forward(context, heads, headsK, headsV, states, sums);

        started = StepTimeline.Now;
        _exchange.Gather(backend, (states, sums), _rows, tag, output, lse);
        _timeline?.Add("gather heads", TimelineKind.Communication, _step, context.Layer, started);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_q, _k, _v, _output, _lse, _exchange, _ring])
        {
            part?.Dispose();
        }

        if (_communicator.State == CommunicatorState.Open) // else the groups ended with it, and nobody is there to be told
        {
            _group?.Dispose();
            _across?.Dispose();
        }
    }

    /// <summary>Makes the groups, in the first layer that needs them: every rank is here then, each on its own thread.</summary>
    private void Connect()
    {
        if (_ring is not null)
        {
            return;
        }

        (int row, int column) = Math.DivRem(_communicator.Rank, _groupSize);
        _group ??= _communicator.Split(row, _communicator.Rank);
        _across ??= _communicator.Split(column, _communicator.Rank);
        _exchange = new HeadExchange(_group, _shares, _model);
        _ring = new RingAttention(_across, _timeline);
    }
}
