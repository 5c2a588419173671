namespace LongContext.Loading;

/// <summary>Who named the tensors.</summary>
internal enum WeightNaming
{
    /// <summary><c>model.layers.0.self_attn.q_proj.weight</c>.</summary>
    HuggingFace,

    /// <summary><c>blk.0.attn_q.weight</c>.</summary>
    Gguf,
}
