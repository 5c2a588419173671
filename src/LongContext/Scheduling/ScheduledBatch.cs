using System.Runtime.InteropServices;

namespace LongContext.Scheduling;

/// <summary>The scheduler's decision for one step, as integers. Filled anew every step; grows, never shrinks.</summary>
internal sealed class ScheduledBatch
{
    private readonly List<ScheduledChunk> _chunks = [];
    private readonly List<int> _tokenIds = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _outputRows = [];

    /// <summary>What each sequence computes, oldest sequence first.</summary>
    internal ReadOnlySpan<ScheduledChunk> Chunks => CollectionsMarshal.AsSpan(_chunks);

    /// <summary>[tokens]: ids, chunk after chunk.</summary>
    internal ReadOnlySpan<int> TokenIds => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>[tokens]: positions in their sequences.</summary>
    internal ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>[outputs]: rows whose logits are wanted, ascending.</summary>
    internal ReadOnlySpan<int> OutputRows => CollectionsMarshal.AsSpan(_outputRows);

    /// <summary>Rows of the step.</summary>
    internal int TokenCount => _tokenIds.Count;

    internal void Clear()
    {
        _chunks.Clear();
        _tokenIds.Clear();
        _positions.Clear();
        _outputRows.Clear();
    }

    internal void Add(in ScheduledChunk chunk)
    {
        int firstRow = TokenCount;
        _chunks.Add(chunk);
        _tokenIds.AddRange(chunk.Sequence.Tokens.Slice(chunk.Start, chunk.Count));
        for (int i = 0; i < chunk.Count; i++)
        {
            _positions.Add(chunk.Start + i);
        }

        for (int i = chunk.Count - chunk.OutputCount; i < chunk.Count; i++)
        {
            _outputRows.Add(firstRow + i);
        }
    }
}
