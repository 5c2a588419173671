using LongContext.Backends;
using LongContext.Models;
using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>Turns the scheduler's decision into index arrays and runs the model on them. Owns model, backend, cache memory and files.</summary>
internal sealed class ModelRunner(CausalLM model, IBackend backend, KVCacheStorage cache, IDisposable files) : IModelRunner
{
    private readonly AttentionBatch _batch = new() { PageSize = cache.Shape.PageSize };

    /// <inheritdoc/>
    public int VocabularySize => model.Config.VocabularySize;

    /// <inheritdoc/>
    public void Run(ScheduledBatch batch, Span<float> logits)
    {
        _batch.Clear();
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            int pages = (chunk.End + _batch.PageSize - 1) / _batch.PageSize;
            _batch.AddSequence(chunk.Sequence.Pages.Pages[..pages], chunk.End, chunk.Count);
        }

        StepInput input = new()
        {
            TokenIds = batch.TokenIds,
            Positions = batch.Positions,
            OutputRows = batch.OutputRows,
            Batch = _batch,
        };
        model.Forward(input, cache, logits);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        model.Dispose();
        backend.Dispose();
        files.Dispose();
    }
}
