namespace LongContext.Tests.Shared.Golden;

/// <summary>Tiny models of the other architectures: one table of what differs from Llama each.</summary>
internal static class GoldenVariants
{
    private const int Window = 12; // shorter than the tests' prompts

    private static readonly float[] ShortFactors = [1f, 1.02f, 1.05f, 1.1f, 1.2f, 1.3f, 1.5f, 2f];
    private static readonly float[] LongFactors = [1.1f, 1.3f, 1.8f, 2.6f, 4.8f, 9f, 20f, 40f];

    /// <summary>The model of that name, or null.</summary>
    internal static GoldenVariant? Find(string name) => name switch
    {
        "tiny-phi3" => Phi3(),
        "tiny-gemma2" => Gemma2(),
        "tiny-gemma3" => Gemma3(GoldenShapes.TinyTied with { Name = name, KVHeads = 1 }),
        "tiny-gemma3-heads8" => Gemma3(GoldenShapes.TinyTied with { Name = name, QHeads = 8, KVHeads = 2 }),
        "tiny-mistral" => Mistral(),
        "tiny-qwen2-yarn" => Qwen2Yarn(),
        _ => null,
    };

    // Q, K, V in one matrix and gate, up in another; LongRoPE with factors kept as tensors in GGUF.
    private static GoldenVariant Phi3()
    {
        GoldenShape s = GoldenShapes.Tiny with { Name = "tiny-phi3", Architecture = "phi3", Context = 256 };
        const int OriginalContext = 64;
        GoldenTensorTable t = new(s);
        t.Table("token_embd", "model.embed_tokens");
        for (int layer = 0; layer < s.Layers; layer++)
        {
            t.Layer(layer).Norm("attn_norm", "input_layernorm")
                .Matrix("attn_qkv", "self_attn.qkv_proj", (s.QHeads + (2 * s.KVHeads)) * s.HeadDim, s.HiddenSize)
                .Matrix("attn_output", "self_attn.o_proj", s.HiddenSize, s.QHeads * s.HeadDim)
                .Norm("ffn_norm", "post_attention_layernorm")
                .Matrix("ffn_up", "mlp.gate_up_proj", 2 * s.FeedForward, s.HiddenSize)
                .Matrix("ffn_down", "mlp.down_proj", s.HiddenSize, s.FeedForward);
        }

        t.Model().Norm("output_norm", "model.norm");
        t.Table("output", "lm_head");
        t.Factors("rope_factors_long.weight", LongFactors);
        t.Factors("rope_factors_short.weight", ShortFactors);
        OrderedDictionary<string, object?> config = new()
        {
            ["architectures"] = new object[] { "Phi3ForCausalLM" }, ["model_type"] = "phi3", ["head_dim"] = null, ["original_max_position_embeddings"] = OriginalContext,
            ["sliding_window"] = 262_144,
            ["rope_scaling"] = new OrderedDictionary<string, object?>
            {
                ["type"] = "longrope", ["long_factor"] = Doubles(LongFactors), ["short_factor"] = Doubles(ShortFactors),
            },
        };
        return new(s, t.Rows, config, w => w
            .UInt32("phi3.rope.scaling.original_context_length", OriginalContext)
            .UInt32("phi3.attention.sliding_window", 262_144));
    }

    // Four norms a layer, soft caps, a window on every other layer, GELU, scaled embeddings.
    private static GoldenVariant Gemma2()
    {
        GoldenShape s = GoldenShapes.TinyTied with { Name = "tiny-gemma2", Architecture = "gemma2", Layers = 4, KVHeads = 2, Epsilon = 1e-6, OutputGain = 0.3 };
        OrderedDictionary<string, object?> config = GemmaConfig(s, "Gemma2ForCausalLM", "gemma2");
        (config["attn_logit_softcapping"], config["final_logit_softcapping"]) = (50.0, 30.0);
        return new(s, GemmaTensors(s, headNorms: false), config, w => w
            .Float32("gemma2.attn_logit_softcapping", 50).Float32("gemma2.final_logit_softcapping", 30).UInt32("gemma2.attention.sliding_window", Window));
    }

    // Gemma 2 without caps, with norms of queries and keys, five local layers to a global one, two rotary bases.
    private static GoldenVariant Gemma3(GoldenShape heads)
    {
        GoldenShape s = heads with
        {
            Architecture = "gemma3", Layers = 7, HeadDim = 32, Epsilon = 1e-6, OutputGain = 0.3, RopeBase = 1_000_000,
        };
        OrderedDictionary<string, object?> config = GemmaConfig(s, "Gemma3ForCausalLM", "gemma3_text");
        (config["rope_local_base_freq"], config["sliding_window_pattern"]) = (10_000, 6);
        return new(s, GemmaTensors(s, headNorms: true), config, w => w.UInt32("gemma3.attention.sliding_window", Window));
    }

    private static GoldenVariant Mistral()
    {
        GoldenShape s = GoldenShapes.Tiny with { Name = "tiny-mistral" };
        OrderedDictionary<string, object?> config = new()
        {
            ["architectures"] = new object[] { "MistralForCausalLM" }, ["model_type"] = "mistral", ["sliding_window"] = Window,
        };
        return new(s, Usual(s), config, Keys: null);
    }

    private static GoldenVariant Qwen2Yarn()
    {
        GoldenShape s = GoldenShapes.TinyQwen2 with { Name = "tiny-qwen2-yarn", Context = 64 };
        OrderedDictionary<string, object?> config = new()
        {
            ["rope_scaling"] = new OrderedDictionary<string, object?> { ["factor"] = 4.0, ["original_max_position_embeddings"] = s.Context, ["type"] = "yarn" },
        };
        return new(s, Usual(s), config, w => w
            .String("qwen2.rope.scaling.type", "yarn").Float32("qwen2.rope.scaling.factor", 4)
            .UInt32("qwen2.rope.scaling.original_context_length", s.Context));
    }

    private static OrderedDictionary<string, object?> GemmaConfig(GoldenShape s, string className, string modelType) => new()
    {
        ["architectures"] = new object[] { className }, ["model_type"] = modelType, ["hidden_act"] = null, ["hidden_activation"] = "gelu_pytorch_tanh",
        ["query_pre_attn_scalar"] = s.HeadDim, ["sliding_window"] = Window,
    };

    private static List<(GoldenTensor Tensor, string? FolderName)> GemmaTensors(GoldenShape s, bool headNorms)
    {
        GoldenTensorTable t = new(s, GoldenKind.ShiftedNorm);
        t.Table("token_embd", "model.embed_tokens");
        for (int layer = 0; layer < s.Layers; layer++)
        {
            t.Layer(layer).Norm("attn_norm", "input_layernorm")
                .Matrix("attn_q", "self_attn.q_proj", s.QHeads * s.HeadDim, s.HiddenSize)
                .Matrix("attn_k", "self_attn.k_proj", s.KVHeads * s.HeadDim, s.HiddenSize)
                .Matrix("attn_v", "self_attn.v_proj", s.KVHeads * s.HeadDim, s.HiddenSize)
                .Matrix("attn_output", "self_attn.o_proj", s.HiddenSize, s.QHeads * s.HeadDim)
                .Norm("post_attention_norm", "post_attention_layernorm")
                .Norm("ffn_norm", "pre_feedforward_layernorm")
                .Matrix("ffn_gate", "mlp.gate_proj", s.FeedForward, s.HiddenSize)
                .Matrix("ffn_up", "mlp.up_proj", s.FeedForward, s.HiddenSize)
                .Matrix("ffn_down", "mlp.down_proj", s.HiddenSize, s.FeedForward)
                .Norm("post_ffw_norm", "post_feedforward_layernorm");
            if (headNorms)
            {
                t.Norm("attn_q_norm", "self_attn.q_norm", s.HeadDim).Norm("attn_k_norm", "self_attn.k_norm", s.HeadDim);
            }
        }

        t.Model().Norm("output_norm", "model.norm");
        return t.Rows;
    }

    private static List<(GoldenTensor Tensor, string? FolderName)> Usual(GoldenShape s) =>
        [.. GoldenTensors.Of(s).Select(t => (t, (string?)GoldenFolder.NameOf(t.Name)))];

    private static object?[] Doubles(float[] values) => [.. values.Select(v => (object?)(double)v)];
}
