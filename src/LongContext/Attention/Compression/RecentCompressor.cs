using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>The later a token, the higher its score.</summary>
internal sealed class RecentCompressor : ICompressor
{
    /// <inheritdoc/>
    public ScoringStage Stage => ScoringStage.BeforeRotary;

    /// <inheritdoc/>
    public int PoolingWidth => 1;

    /// <inheritdoc/>
    public void Begin()
    {
    }

    /// <inheritdoc/>
    public void ReadQuery(int layer, in Tensor q)
    {
    }

    /// <inheritdoc/>
    public void Score(in LayerRows rows, Span<float> scores)
    {
        int heads = (int)rows.K.Shape[1];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = rows.FirstPosition + (i / heads);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
