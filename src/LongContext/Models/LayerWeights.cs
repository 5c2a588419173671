using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>One layer's tensors as the backend imported them; empty where the architecture has none.</summary>
internal sealed class LayerWeights
{
    internal Tensor AttentionNorm { get; set; }

    internal Tensor Q { get; set; }

    internal Tensor K { get; set; }

    internal Tensor V { get; set; }

    internal Tensor QBias { get; set; }

    internal Tensor KBias { get; set; }

    internal Tensor VBias { get; set; }

    internal Tensor QNorm { get; set; }

    internal Tensor KNorm { get; set; }

    internal Tensor AttentionOutput { get; set; }

    internal Tensor PostAttentionNorm { get; set; }

    internal Tensor FeedForwardNorm { get; set; }

    internal Tensor Gate { get; set; }

    internal Tensor Up { get; set; }

    internal Tensor Down { get; set; }

    internal Tensor PostFeedForwardNorm { get; set; }

    /// <summary>The matrices' element types: equal ones are computed by the same code.</summary>
    internal (DType Q, DType K, DType V, DType Output, DType Gate, DType Up, DType Down) Types =>
        (Q.Type, K.Type, V.Type, AttentionOutput.Type, Gate.Type, Up.Type, Down.Type);
}
