using LongContext.Engine;
using LongContext.Scheduling;

namespace LongContext.Tests.Engine;

/// <summary>
/// A model runner whose "keys and values" are the token ids themselves: it writes them to the slots of the sequence's pages and reads the
/// whole history back through the page table, so that a wrong page, a wrong position, a stale prefix or a lost token changes the output.
/// </summary>
internal sealed class HashRunner(int pages, int pageSize) : IModelRunner
{
    private readonly long[] _slots = new long[pages * pageSize];

    public int VocabularySize => HashModel.VocabularySize;

    /// <summary>Called at the start of every run; may throw or block.</summary>
    internal Action<ScheduledBatch>? BeforeRun { get; set; }

    /// <summary>Called with every row of logits and its sequence.</summary>
    internal Action<Sequence, Memory<float>>? OnLogits { get; set; }

    internal bool IsDisposed { get; private set; }

    public void Run(ScheduledBatch batch, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        BeforeRun?.Invoke(batch);
        int row = 0;
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            for (int i = 0; i < chunk.Count; i++, row++)
            {
                // Another batch layout than the model's own would be found out here.
                _slots[Slot(chunk.Sequence, batch.Positions[row])] = ((long)batch.Positions[row] << 32) | (uint)batch.TokenIds[row];
            }
        }

        int output = 0;
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            ulong state = HashModel.Start;
            for (int p = 0; p < chunk.End; p++)
            {
                long slot = _slots[Slot(chunk.Sequence, p)];
                state = HashModel.Advance(state, (int)slot, (int)(slot >> 32));
                if (p >= chunk.End - chunk.OutputCount)
                {
                    float[] own = new float[VocabularySize];
                    HashModel.Logits(state, own);
                    OnLogits?.Invoke(chunk.Sequence, own);
                    own.CopyTo(logits[(output++ * VocabularySize)..]);
                }
            }
        }
    }

    public void Dispose() => IsDisposed = true;

    private int Slot(Sequence sequence, int position) => (sequence.Pages.Pages[position / pageSize] * pageSize) + (position % pageSize);
}
