namespace LongContext.Models;

/// <summary>What a tensor is for, whatever its file calls it.</summary>
internal enum WeightRole
{
    /// <summary>[vocabulary, hidden].</summary>
    TokenEmbedding,

    /// <summary>[hidden]: the norm before the output matrix.</summary>
    OutputNorm,

    /// <summary>[vocabulary, hidden]; absent when tied to the embedding.</summary>
    Output,

    /// <summary>[hidden]: the norm before attention.</summary>
    AttentionNorm,

    /// <summary>[qHeads · headDim, hidden].</summary>
    Q,

    /// <summary>[kvHeads · headDim, hidden].</summary>
    K,

    /// <summary>[kvHeads · headDim, hidden].</summary>
    V,

    /// <summary>Q, K and V as the rows of one matrix.</summary>
    Qkv,

    /// <summary>[qHeads · headDim].</summary>
    QBias,

    /// <summary>[kvHeads · headDim].</summary>
    KBias,

    /// <summary>[kvHeads · headDim].</summary>
    VBias,

    /// <summary>[headDim]: norm of every query head before the rotary embedding.</summary>
    QNorm,

    /// <summary>[headDim]: norm of every key head.</summary>
    KNorm,

    /// <summary>[hidden, qHeads · headDim].</summary>
    AttentionOutput,

    /// <summary>[hidden]: norm of attention's result before it joins the residual stream.</summary>
    PostAttentionNorm,

    /// <summary>[hidden]: the norm before the feed-forward layer.</summary>
    FeedForwardNorm,

    /// <summary>[intermediate, hidden].</summary>
    Gate,

    /// <summary>[intermediate, hidden].</summary>
    Up,

    /// <summary>Gate and Up as the rows of one matrix.</summary>
    GateUp,

    /// <summary>[hidden, intermediate].</summary>
    Down,

    /// <summary>[hidden]: norm of the feed-forward layer's result before it joins the residual stream.</summary>
    PostFeedForwardNorm,
}
