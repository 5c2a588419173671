using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Lets a query see the blocks before the last one as APB's released code does: as if each of them ended where the query ends.</summary>
/// <remarks>
/// Of l_q tokens, token i misses the last l_q − 1 − i keys of each such block; rows after the query miss none. A row's keys are then not
/// consecutive, so each block is an attention of its own, merged with that over the last block and what follows it.
/// </remarks>
internal sealed class ReleasedQueryMask(IBackend backend, int pageSize) : IDisposable
{
    private readonly AttentionBatch _batch = new() { PageSize = pageSize };
    private readonly List<QueryRows> _runs = [];
    private readonly List<AttentionPlan> _plans = [];
    private readonly GrowingTensor _lse = new(), _output = new(), _blockLse = new();

    /// <summary>Forgets the last pass.</summary>
    internal void Clear() => _runs.Clear();

    /// <summary>Adds rows that see the last block, and what follows it, elsewhere.</summary>
    internal void Add(in QueryRows rows) => _runs.Add(rows);

    /// <summary>Where the pass's own attention must leave its logarithms; empty if no row is masked.</summary>
    internal Tensor Lse(in Tensor q) => _runs.Count == 0 ? default : _lse.Of(backend, new TensorShape(q.Shape[0], q.Shape[1]));

    /// <summary>Adds the earlier blocks to the rows' output.</summary>
    /// <param name="context">The layer.</param>
    /// <param name="q">[rows of the pass, qHeads, headDim], turned.</param>
    /// <param name="output">Likewise.</param>
    /// <param name="lse">What <see cref="Lse"/> gave.</param>
    internal void Merge(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse)
    {
        int plan = 0;
        foreach (QueryRows run in _runs)
        {
            for (int block = 0; block < run.Blocks.Count - 1; block++, plan++)
            {
                if (context.Layer == 0)
                {
                    Plan(plan, run, block);
                }

                Tensor rows = q.Slice(run.FirstRow, run.Count);
                Tensor other = _output.Of(backend, rows.Shape), otherLse = _blockLse.Of(backend, new TensorShape(run.Count, q.Shape[1]));
                backend.Attention(rows, context.Cache, context.Layer, _plans[plan], context.Parameters, other, otherLse);
                backend.MergeStates(output.Slice(run.FirstRow, run.Count), lse.Slice(run.FirstRow, run.Count), other, otherLse);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plans.ForEach(p => p.Dispose());
        _plans.Clear();
        _lse.Dispose();
        _output.Dispose();
        _blockLse.Dispose();
    }

    private void Plan(int index, in QueryRows run, int block)
    {
        if (index == _plans.Count)
        {
            _plans.Add(backend.CreatePlan());
        }

        (int start, int length) = (run.Blocks.Start(block), run.Blocks.Length(block));
        int seen = length - (run.PromptLength - 1 - run.Position); // by the first row; each later one sees one more
        int blind = Math.Clamp(1 - seen, 0, run.Count);            // rows that see nothing
        _batch.Clear();
        _batch.AddQueries(run.Pages.Pages.Slice(start / pageSize, (length + pageSize - 1) / pageSize), length, run.Count);
        if (blind > 0)
        {
            _batch.AddItem(new AttentionItem(0, 0, blind, 0, 0, AttentionMask.Full, 0));
        }

        if (blind < run.Count)
        {
            _batch.AddItem(new AttentionItem(0, blind, run.Count - blind, 0, length, AttentionMask.Causal, seen - 1 + blind));
        }

        backend.Plan(_plans[index], _batch);
    }
}
