using System.Runtime.InteropServices;
using LongContext.Attention;
using LongContext.Backends;
using LongContext.Models;
using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>Turns the scheduler's decision into rows and runs the model on them. Owns model, backend, cache memory and files.</summary>
internal sealed class ModelRunner(CausalLM model, IAttentionMethod method, IBackend backend, KVCacheStorage cache, IDisposable files) : IModelRunner
{
    private readonly List<StepChunk> _chunks = [];
    private readonly StepRows _rows = new(cache.Shape.PageSize);
    private float[] _passLogits = [];

    /// <inheritdoc/>
    public int VocabularySize => model.Config.VocabularySize;

    /// <inheritdoc/>
    public void Run(ScheduledBatch batch, Span<float> logits)
    {
        Describe(batch);
        bool more = true;
        for (int pass = 0; more; pass++)
        {
            _rows.Clear();
            more = method.LayOut(CollectionsMarshal.AsSpan(_chunks), pass, _rows);
            bool whole = pass == 0 && !more; // then the outputs are all of the step's, in order
            Span<float> computed = whole ? logits : PassLogits();
            StepInput input = new()
            {
                TokenIds = _rows.TokenIds,
                Positions = _rows.Positions,
                OutputRows = _rows.OutputRows,
                Batch = _rows.Batch,
            };
            model.Forward(input, cache, computed);
            if (!whole)
            {
                Distribute(computed, logits);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        (method as IDisposable)?.Dispose();
        model.Dispose();
        backend.Dispose();
        files.Dispose();
    }

    private void Describe(ScheduledBatch batch)
    {
        _chunks.Clear();
        int outputs = 0;
        long pages = 0;
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            Sequence s = chunk.Sequence;
            _chunks.Add(new StepChunk(
                s.Arrival, s.TokenMemory, s.ContextLength, s.PromptLength, chunk.Start, chunk.Count, outputs, chunk.OutputCount, s.Pages,
                Selection: s.Selection, Recall: s.Recall));
            outputs += chunk.OutputCount;
            pages += ((long)s.MaxCachedTokens + _rows.Batch.PageSize - 1) / _rows.Batch.PageSize;
        }

        _rows.Batch.ReservePages(checked((int)pages)); // so that later steps of the same sequences find room
    }

    private Span<float> PassLogits()
    {
        int needed = checked(_rows.OutputRows.Length * VocabularySize);
        if (_passLogits.Length < needed)
        {
            _passLogits = new float[needed];
        }

        return _passLogits.AsSpan(0, needed);
    }

    private void Distribute(ReadOnlySpan<float> computed, Span<float> logits)
    {
        for (int i = 0; i < _rows.Outputs.Length; i++)
        {
            computed.Slice(i * VocabularySize, VocabularySize).CopyTo(logits[(_rows.Outputs[i] * VocabularySize)..]);
        }
    }
}
