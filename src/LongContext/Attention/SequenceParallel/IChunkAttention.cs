using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Attention inside the chunks that are spread over the ranks: each row over the keys of its own chunk, wherever they are.</summary>
/// <remarks>Every rank calls the same, with as many rows as it has; what was cached before the step is somebody else's business.</remarks>
internal interface IChunkAttention : IDisposable
{
    /// <summary>Takes over a step's rows; called once a step in which <see cref="RankRows.AnySpread"/>.</summary>
    void BeginStep(RankRows rows, uint step);

    /// <summary>Computes one layer.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[spread rows of this rank, qHeads, headDim], turned.</param>
    /// <param name="k">[spread rows of this rank, kvHeads, headDim], turned.</param>
    /// <param name="v">[spread rows of this rank, kvHeads, headDim].</param>
    /// <param name="output">Shape of q.</param>
    /// <param name="lse">[spread rows of this rank, qHeads].</param>
    void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output, in Tensor lse);
}
