using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>APB over ranks: each reads its blocks of the context, while what blocks pass on is on its way. Star is APB that passes nothing.</summary>
/// <remarks>
/// <para>
/// The rows of a pass are [anchor | this rank's rows of blocks]; they see their own block, the anchor, and what earlier blocks passed on in a call each,
/// and the states are merged. The same keys as in <see cref="ApbAttention"/>, so the same results but for rounding. Only the blocks' keys are kept.
/// </para>
/// <para>
/// What is not a context's part (its query, generated tokens, other requests, prompts that are read exactly) goes to an exact method over ranks in a
/// pass of its own, and finds the blocks' keys where they were computed. One context is read at a time, as on one machine.
/// </para>
/// </remarks>
internal sealed class ApbOverRanks : IAttentionMethod, IDisposable
{
    private readonly ApproximateReading _reading;
    private readonly IAttentionMethod _exact;
    private readonly ICompressor? _compressor;
    private readonly BlockReading _blocks;
    private readonly PassingExchange _exchange;
    private readonly SharedKeys _shared;
    private readonly StepTimeline? _timeline;
    private readonly GrowingTensor _lse = new();
    private readonly IBackend _backend;
    private readonly AttentionPlan _append;
    private readonly AttentionBatch _appendBatch;
    private readonly List<StepChunk> _rest = [];
    private StepChunk _chunk;
    private long _sequence = -1;
    private bool _inBlocks;
    private uint _step;
    private long _left;

    /// <param name="communicator">This rank's; owned by the caller.</param>
    /// <param name="reading">Which prompts are read approximately.</param>
    /// <param name="exact">For all else, over the same ranks; owned from here on.</param>
    /// <param name="model">Sizes.</param>
    /// <param name="compressor">Chooses what is passed on; owned from here on. Null: nothing is.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="cache">The cache.</param>
    /// <param name="timeline">Records, if there is one.</param>
    internal ApbOverRanks(
        ICommunicator communicator, ApproximateReading reading, IAttentionMethod exact, AttentionModel model, ICompressor? compressor,
        IBackend backend, KVCacheShape cache, StepTimeline? timeline)
    {
        (_reading, _exact, _compressor, _timeline) = (reading, exact, compressor, timeline);
        BlockPlacement placement = new(communicator.Size);
        _blocks = new BlockReading(model, compressor, cache.PageSize, communicator.Rank, placement);
        _exchange = new PassingExchange(communicator, placement, model, timeline);
        _shared = new SharedKeys(backend, model, cache);
        (_backend, _append, _appendBatch) = (backend, backend.CreatePlan(), new AttentionBatch { PageSize = cache.PageSize });
    }

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        _inBlocks = pass == 0 && Divide(chunks);
        if (_inBlocks)
        {
            LayOutBlocks(rows);
            return _rest.Count > 0;
        }

        return _exact.LayOut(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rest), 0, rows);
    }

    /// <inheritdoc/>
    public void AddItems(AttentionBatch batch)
    {
        if (!_inBlocks)
        {
            _exact.AddItems(batch);
            return;
        }

        for (int s = 0; s < batch.SequenceCount; s++) // the anchor's rows see none of these keys
        {
            int start = batch.QoIndptr[s];
            int count = batch.QoIndptr[s + 1] - start;
            int length = batch.KVLengths[s];
            batch.AddItem(new AttentionItem(s, start, count, 0, length, length == 0 ? AttentionMask.Full : AttentionMask.Causal, Math.Max(0, length - count)));
        }
    }

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        if (!_inBlocks)
        {
            _exact.Forward(context, q, k, v, output);
            return;
        }

        _timeline?.Add("projections and feed-forward", TimelineKind.Compute, _step, context.Layer, _left);
        Tensor lse = _lse.Of(context.Backend, new TensorShape(q.Rows, q.Shape[1]));
        if (q.Rows > 0)
        {
            Cache(context, q, k, v);
        }

        _exchange.Start(context, _blocks, _chunk.Pages.Pages);
        long started = StepTimeline.Now;
        if (q.Rows > 0)
        {
            _backend.Attention(q, context.Cache, context.Layer, context.Plan, context.Parameters, output, lse);
            _shared.AttendAnchor(context, q, output, lse);
        }

        _timeline?.Add("attention to anchor and block", TimelineKind.Compute, _step, context.Layer, started);
        if (_exchange.Finish(context, out Tensor passedK, out Tensor passedV))
        {
            _shared.AppendPassed(context.Layer, passedK, passedV);
        }

        started = StepTimeline.Now;
        _shared.AttendPassed(context, q, output, lse);
        _timeline?.Add("attention to passing blocks", TimelineKind.Compute, _step, context.Layer, started);
        _left = StepTimeline.Now;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_exact as IDisposable, _compressor, _exchange, _shared, _lse, _append])
        {
            part?.Dispose();
        }
    }

    /// <summary>Divides the step into a part of a context that is read in blocks, if there is one, and all else.</summary>
    private bool Divide(ReadOnlySpan<StepChunk> chunks)
    {
        _rest.Clear();
        bool found = false;
        foreach (ref readonly StepChunk chunk in chunks)
        {
            PrefillGeometry? geometry = chunk.Start < chunk.PromptLength ? _reading.For(chunk.ContextLength, chunk.PromptLength) : null;
            if (geometry is null || chunk.Start >= geometry.Blocks.ContextLength)
            {
                _rest.Add(chunk); // exact: a short prompt, or what comes after the context
                continue;
            }

            if (found || (chunk.Start > 0 && chunk.Sequence != _sequence))
            {
                throw new InvalidOperationException("Two contexts are read in blocks at once; the scheduler must let one finish.");
            }

            (found, _chunk) = (true, chunk);
            int contextLength = geometry.Blocks.ContextLength;
            if (chunk.Start == 0)
            {
                _sequence = chunk.Sequence;
                _blocks.Begin(geometry);
                _shared.Begin(_blocks, oneAtATime: chunk.End >= contextLength);
            }

            if (chunk.End > contextLength)
            {
                int outputs = Math.Min(chunk.OutputCount, chunk.End - contextLength);
                _rest.Add(chunk with
                {
                    Start = contextLength,
                    Count = chunk.End - contextLength,
                    FirstOutput = chunk.FirstOutput + chunk.OutputCount - outputs,
                    OutputCount = outputs,
                });
            }
        }

        return found;
    }

    private void LayOutBlocks(StepRows rows)
    {
        _step++;
        _blocks.LayOut(_chunk, rows);
        int end = Math.Min(_chunk.End, _blocks.Geometry.Blocks.ContextLength);
        _exchange.BeginPass(_blocks.Geometry, _chunk.Start, end, _step);
        _shared.BeginPass(_blocks, _exchange.Finished);
        PlanAppend(rows.Batch);
        _left = StepTimeline.Now;
    }

    /// <summary>Which rows' keys go to the cache, and where: those of blocks.</summary>
    private void PlanAppend(AttentionBatch rows)
    {
        _appendBatch.Clear();
        for (int s = _blocks.AnchorRows > 0 ? 1 : 0; s < rows.SequenceCount; s++)
        {
            _appendBatch.AddSequence(
                rows.KVPageIndices[rows.KVIndptr[s]..rows.KVIndptr[s + 1]], rows.KVLengths[s], rows.QoIndptr[s + 1] - rows.QoIndptr[s]);
        }

        _backend.Plan(_append, _appendBatch);
    }

    /// <summary>Scores the rows and puts their keys and values where they are attended to.</summary>
    private void Cache(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v)
    {
        _blocks.Score(ScoringStage.BeforeRotary, context.Layer, q, k, v);
        _backend.Rotary(q, context.Cos, context.Sin, context.RotaryLayout);
        _backend.Rotary(k, context.Cos, context.Sin, context.RotaryLayout);
        _blocks.ReadQuery(context.Layer, q);
        _blocks.Score(ScoringStage.AfterRotary, context.Layer, q, k, v);
        (int anchor, int blocks) = (_blocks.AnchorRows, _blocks.Count - _blocks.AnchorRows);
        _shared.AppendAnchor(context.Layer, k, v);
        if (blocks > 0)
        {
            _backend.AppendKV(k.Slice(anchor, blocks), v.Slice(anchor, blocks), context.Cache, context.Layer, _append);
        }
    }
}
