using LongContext.Tensors;

namespace LongContext.Attention.Compression;

/// <summary>Scores a block's tokens for each KV head: those with the highest scores are passed on to later blocks.</summary>
/// <remarks>Knows neither blocks nor how many are taken.</remarks>
internal interface ICompressor : IDisposable
{
    /// <summary>When <see cref="Score"/> is called.</summary>
    ScoringStage Stage { get; }

    /// <summary>A token's score becomes the largest of so many around it; odd, 1 for none.</summary>
    int PoolingWidth { get; }

    /// <summary>Forgets the last prompt.</summary>
    void Begin();

    /// <summary>Told of the query's own query vectors, in the anchor; in pieces, layer by layer, before any block that is scored after the first.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="q">[rows, qHeads, headDim], after the rotary embedding.</param>
    void ReadQuery(int layer, in Tensor q);

    /// <summary>Scores rows.</summary>
    /// <param name="rows">In the state that <see cref="Stage"/> says.</param>
    /// <param name="scores">[rows, kvHeads], to be filled.</param>
    void Score(in LayerRows rows, Span<float> scores);
}
