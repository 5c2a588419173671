using LongContext.Attention.Compression;

namespace LongContext.Attention.SequenceParallel;

/// <summary>The scores of one block's tokens, for every layer and KV head, collected as the block's rows are computed. Reused, grows, never shrinks.</summary>
internal sealed class BlockScores(int layers, int kvHeads)
{
    private float[] _scores = [];  // [layers, kvHeads, block]
    private float[] _pooled = [];
    private float[] _scratch = [];
    private int[] _chosen = [];
    private int _blockLength;

    /// <summary>Makes room for blocks of <paramref name="blockLength"/> tokens.</summary>
    internal void Resize(int blockLength)
    {
        _blockLength = blockLength;
        long needed = (long)layers * kvHeads * blockLength;
        if (_scores.Length < needed)
        {
            _scores = new float[checked((int)needed)];
            (_pooled, _scratch) = (new float[blockLength], new float[blockLength]);
        }

        if (_pooled.Length < blockLength)
        {
            (_pooled, _scratch) = (new float[blockLength], new float[blockLength]);
        }
    }

    /// <summary>Takes over the scores of some rows of a layer.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="firstRow">Their first row in the block.</param>
    /// <param name="rows">[rows, kvHeads].</param>
    internal void Store(int layer, int firstRow, ReadOnlySpan<float> rows)
    {
        for (int head = 0; head < kvHeads; head++)
        {
            Span<float> target = Of(layer, head)[firstRow..];
            for (int i = head, row = 0; i < rows.Length; i += kvHeads, row++)
            {
                target[row] = rows[i];
            }
        }
    }

    /// <summary>Chooses the tokens of a layer that are passed on.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="blockRows">Tokens of the block.</param>
    /// <param name="unselectable">Leading ones that cannot be chosen; their scores still count for their neighbours.</param>
    /// <param name="pooling">Width of the maximum over neighbours.</param>
    /// <param name="chosen">[count, kvHeads]: rows of the block, ascending for each head.</param>
    internal void Choose(int layer, int blockRows, int unselectable, int pooling, Span<int> chosen)
    {
        int count = chosen.Length / kvHeads;
        if (_chosen.Length < count)
        {
            _chosen = new int[count];
        }

        for (int head = 0; head < kvHeads; head++)
        {
            Span<float> pooled = _pooled.AsSpan(0, blockRows);
            TokenSelection.MaxPool(Of(layer, head)[..blockRows], pooling, pooled);
            TokenSelection.Top(pooled[unselectable..], _scratch, _chosen.AsSpan(0, count));
            for (int i = 0; i < count; i++)
            {
                chosen[(i * kvHeads) + head] = unselectable + _chosen[i];
            }
        }
    }

    private Span<float> Of(int layer, int head) => _scores.AsSpan(((layer * kvHeads) + head) * _blockLength, _blockLength);
}
