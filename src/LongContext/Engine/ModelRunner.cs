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
        long most = 0;
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            most += Pages(chunk.Sequence.MaxCachedTokens);
        }

        _batch.ReservePages(checked((int)most));
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            _batch.AddSequence(chunk.Sequence.Pages.Pages[..Pages(chunk.End)], chunk.End, chunk.Count);
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

    private int Pages(int tokens) => (int)(((long)tokens + _batch.PageSize - 1) / _batch.PageSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        model.Dispose();
        backend.Dispose();
        files.Dispose();
    }
}
