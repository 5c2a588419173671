using LongContext.Engine;
using LongContext.Scheduling;

namespace LongContext.Tests.Engine;

/// <summary>Notes, at the beginning of every run, how much its thread has allocated so far and how many rows the step has.</summary>
internal sealed class MeteredRunner(IModelRunner inner) : IModelRunner
{
    private readonly List<(long Bytes, int Rows)> _notes = new(100_000);

    public int VocabularySize => inner.VocabularySize;

    /// <summary>For each two neighbouring runs of as many rows: bytes allocated from the one's beginning to the other's.</summary>
    internal IEnumerable<long> BytesBetweenRuns(int rows) =>
        _notes.Zip(_notes.Skip(1)).Where(p => p.First.Rows == rows && p.Second.Rows == rows).Select(p => p.Second.Bytes - p.First.Bytes);

    internal void Clear() => _notes.Clear();

    public void Run(ScheduledBatch batch, Span<float> logits)
    {
        _notes.Add((GC.GetAllocatedBytesForCurrentThread(), batch.TokenCount));
        inner.Run(batch, logits);
    }

    public void Dispose() => inner.Dispose();
}
