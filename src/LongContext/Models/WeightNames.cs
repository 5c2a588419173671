using LongContext.Loading;

namespace LongContext.Models;

/// <summary>The two naming conventions of tensors, as most architectures follow them.</summary>
internal static class WeightNames
{
    /// <summary>The usual name within the model or, for a layer's weight, within its layer.</summary>
    internal static string Usual(WeightRole role, WeightNaming naming) => naming == WeightNaming.Gguf ? Gguf(role) : HuggingFace(role);

    /// <summary>What stands before the names of layer <paramref name="layer"/>'s tensors.</summary>
    internal static string LayerPrefix(int layer, WeightNaming naming) =>
        naming == WeightNaming.Gguf ? $"blk.{layer}." : $"model.layers.{layer}.";

    /// <summary>Tensors that files carry although the model is complete without them.</summary>
    /// <remarks>
    /// Rotary buffers are functions of the configuration, or were read with it; a tied model's lm_head repeats the embedding.
    /// </remarks>
    internal static bool IsRedundant(string name, ModelConfig config, WeightNaming naming) => naming == WeightNaming.Gguf
        ? name is "rope_freqs.weight" or "rope_factors_long.weight" or "rope_factors_short.weight"
        : name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)
            || (config.TieWordEmbeddings && name == HuggingFace(WeightRole.Output));

    private static string HuggingFace(WeightRole role) => role switch
    {
        WeightRole.TokenEmbedding => "model.embed_tokens.weight",
        WeightRole.OutputNorm => "model.norm.weight",
        WeightRole.Output => "lm_head.weight",
        WeightRole.AttentionNorm => "input_layernorm.weight",
        WeightRole.Q => "self_attn.q_proj.weight",
        WeightRole.K => "self_attn.k_proj.weight",
        WeightRole.V => "self_attn.v_proj.weight",
        WeightRole.Qkv => "self_attn.qkv_proj.weight",
        WeightRole.QBias => "self_attn.q_proj.bias",
        WeightRole.KBias => "self_attn.k_proj.bias",
        WeightRole.VBias => "self_attn.v_proj.bias",
        WeightRole.QNorm => "self_attn.q_norm.weight",
        WeightRole.KNorm => "self_attn.k_norm.weight",
        WeightRole.AttentionOutput => "self_attn.o_proj.weight",
        WeightRole.PostAttentionNorm => "post_attention_layernorm.weight",
        WeightRole.FeedForwardNorm => "post_attention_layernorm.weight", // named by its place, not by its purpose
        WeightRole.Gate => "mlp.gate_proj.weight",
        WeightRole.Up => "mlp.up_proj.weight",
        WeightRole.GateUp => "mlp.gate_up_proj.weight",
        WeightRole.Down => "mlp.down_proj.weight",
        WeightRole.PostFeedForwardNorm => "post_feedforward_layernorm.weight",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a weight."),
    };

    private static string Gguf(WeightRole role) => role switch
    {
        WeightRole.TokenEmbedding => "token_embd.weight",
        WeightRole.OutputNorm => "output_norm.weight",
        WeightRole.Output => "output.weight",
        WeightRole.AttentionNorm => "attn_norm.weight",
        WeightRole.Q => "attn_q.weight",
        WeightRole.K => "attn_k.weight",
        WeightRole.V => "attn_v.weight",
        WeightRole.Qkv => "attn_qkv.weight",
        WeightRole.QBias => "attn_q.bias",
        WeightRole.KBias => "attn_k.bias",
        WeightRole.VBias => "attn_v.bias",
        WeightRole.QNorm => "attn_q_norm.weight",
        WeightRole.KNorm => "attn_k_norm.weight",
        WeightRole.AttentionOutput => "attn_output.weight",
        WeightRole.PostAttentionNorm => "post_attention_norm.weight",
        WeightRole.FeedForwardNorm => "ffn_norm.weight",
        WeightRole.Gate => "ffn_gate.weight",
        WeightRole.Up or WeightRole.GateUp => "ffn_up.weight",
        WeightRole.Down => "ffn_down.weight",
        WeightRole.PostFeedForwardNorm => "post_ffw_norm.weight",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a weight."),
    };
}
