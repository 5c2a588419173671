using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Attention inside the chunks that this rank computes alone: decode rows, and beginnings too short to be spread.</summary>
internal sealed class WholeChunkAttention : IDisposable
{
    private readonly List<(int Window, uint Step, AttentionPlan Plan)> _plans = [];
    private readonly List<(TokenRun Run, StepChunk Chunk)> _runs = [];
    private AttentionBatch? _batch;
    private uint _step;

    /// <summary>Takes over a step's rows after the first <paramref name="spread"/>.</summary>
    internal void BeginStep(ReadOnlySpan<PlacedRun> placed, int spread, ReadOnlySpan<StepChunk> chunks, uint step)
    {
        _step = step;
        _runs.Clear();
        int row = 0;
        foreach (ref readonly PlacedRun p in placed)
        {
            if (row >= spread)
            {
                _runs.Add((p.Run, chunks[p.Chunk]));
            }

            row += (int)p.Run.Count;
        }
    }

    /// <summary>Computes one layer for these rows: q, output [rows, qHeads, headDim], lse [rows, qHeads].</summary>
    internal void Forward(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse) =>
        context.Backend.Attention(q, context.Cache, context.Layer, PlanFor(context), context.Parameters, output, lse);

    /// <inheritdoc/>
    public void Dispose() => _plans.ForEach(p => p.Plan.Dispose());

    private AttentionPlan PlanFor(in AttentionContext context)
    {
        int window = context.Parameters.Window;
        int index = _plans.FindIndex(p => p.Window == window);
        if (index < 0)
        {
            index = _plans.Count;
            _plans.Add((window, _step - 1, context.Backend.CreatePlan()));
        }

        if (_plans[index].Step != _step)
        {
            Describe(window, context.Cache.Shape.PageSize);
            context.Backend.Plan(_plans[index].Plan, _batch!);
            _plans[index] = _plans[index] with { Step = _step };
        }

        return _plans[index].Plan;
    }

    private void Describe(int window, int pageSize)
    {
        _batch ??= new AttentionBatch { PageSize = pageSize };
        _batch.Clear();
        foreach ((TokenRun run, StepChunk chunk) in _runs)
        {
            int row = _batch.TokenCount;
            int cached = chunk.Shards!.Count;
            int sequence = _batch.AddQueries(chunk.Pages.Pages, cached, (int)run.Count);
            CausalItems.Add(_batch, sequence, row, run, [run], cached - (int)run.Count, window);
        }
    }
}
