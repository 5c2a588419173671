using System.Text.Json;

namespace LongContext.Tests.Shared.Reference;

/// <summary>What llama.cpp's converter makes of a Hugging Face model: keys, names, reordered rows, norms plus one.</summary>
internal static class ReferenceGguf
{
    /// <summary>The metadata that configure the model.</summary>
    internal static Dictionary<string, object> Metadata(ReferenceModel m)
    {
        string a = Architecture(m);
        Dictionary<string, object> keys = new()
        {
            ["general.architecture"] = a,
            [$"{a}.context_length"] = (long)m.Integer("max_position_embeddings"),
            [$"{a}.embedding_length"] = (long)m.Hidden,
            [$"{a}.block_count"] = (long)m.Layers,
            [$"{a}.feed_forward_length"] = (long)m.Integer("intermediate_size"),
            [$"{a}.attention.head_count"] = (long)m.Heads,
            [$"{a}.attention.head_count_kv"] = (long)m.KVHeads,
            [$"{a}.attention.key_length"] = (long)m.HeadDim,
            [$"{a}.attention.value_length"] = (long)m.HeadDim,
            [$"{a}.attention.layer_norm_rms_epsilon"] = m.Config.GetProperty("rms_norm_eps").GetDouble(),
            [$"{a}.rope.freq_base"] = m.Find("rope_theta")?.GetDouble() ?? 10_000.0,
            [$"{a}.rope.dimension_count"] = (long)(m.HeadDim * (m.Find("partial_rotary_factor")?.GetDouble() ?? 1)),
        };
        if (m.Find("sliding_window") is { } window && m.ModelType is "mistral" or "phi3" or "gemma2" or "gemma3_text")
        {
            keys[$"{a}.attention.sliding_window"] = (long)m.Integer("sliding_window");
        }

        foreach ((string from, string to) in new[] { ("attn_logit_softcapping", "attn_logit_softcapping"), ("final_logit_softcapping", "final_logit_softcapping") })
        {
            if (m.Find(from) is { } cap)
            {
                keys[$"{a}.{to}"] = cap.GetDouble();
            }
        }

        if (m.Find("sliding_window_pattern") is { } pattern)
        {
            keys[$"{a}.attention.sliding_window_pattern"] = pattern.GetInt64();
        }

        AddScaling(m, keys, a);
        return keys;
    }

    /// <summary>The tensors.</summary>
    internal static Dictionary<string, ReferenceTensor> Tensors(ReferenceModel m)
    {
        Dictionary<string, ReferenceTensor> tensors = [];
        foreach ((string name, ReferenceTensor tensor) in m.Tensors)
        {
            ReferenceTensor converted = tensor;
            if (m.IsGemma && name.EndsWith("norm.weight", StringComparison.Ordinal))
            {
                converted = tensor with { Values = [.. tensor.Values.Select(v => v + 1)] };
            }
            else if (Architecture(m) == "llama" && name.Contains("q_proj", StringComparison.Ordinal))
            {
                converted = Interleave(tensor, m.Heads);
            }
            else if (Architecture(m) == "llama" && name.Contains("k_proj", StringComparison.Ordinal))
            {
                converted = Interleave(tensor, m.KVHeads);
            }

            tensors[Name(name, m)] = converted;
        }

        AddFactors(m, tensors);
        return tensors;
    }

    private static string Architecture(ReferenceModel m) => m.ModelType switch { "mistral" => "llama", "gemma3_text" => "gemma3", string s => s };

    private static void AddScaling(ReferenceModel m, Dictionary<string, object> keys, string a)
    {
        if (m.Find("rope_scaling") is not { } s)
        {
            return;
        }

        string type = (ReferenceModel.Find(s, "rope_type") ?? s.GetProperty("type")).GetString()!;
        if (type is "linear" or "yarn")
        {
            keys[$"{a}.rope.scaling.type"] = type;
            keys[$"{a}.rope.scaling.factor"] = s.GetProperty("factor").GetDouble();
        }

        if (type == "yarn")
        {
            keys[$"{a}.rope.scaling.original_context_length"] = s.GetProperty("original_max_position_embeddings").GetInt64();
        }

        if (type == "longrope")
        {
            double original = m.Integer("original_max_position_embeddings");
            double stretch = m.Integer("max_position_embeddings") / original;
            keys[$"{a}.rope.scaling.original_context_length"] = (long)original;
            keys[$"{a}.rope.scaling.attn_factor"] = Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original)));
        }
    }

    private static void AddFactors(ReferenceModel m, Dictionary<string, ReferenceTensor> tensors)
    {
        if (m.Find("rope_scaling") is not { } s)
        {
            return;
        }

        switch ((ReferenceModel.Find(s, "rope_type") ?? s.GetProperty("type")).GetString())
        {
            case "longrope":
                tensors["rope_factors_long.weight"] = Vector(s.GetProperty("long_factor").EnumerateArray().Select(e => e.GetSingle()));
                tensors["rope_factors_short.weight"] = Vector(s.GetProperty("short_factor").EnumerateArray().Select(e => e.GetSingle()));
                break;
            case "llama3":
                tensors["rope_freqs.weight"] = Vector(Enumerable.Range(0, m.HeadDim / 2).Select(i => Llama3Divisor(m, s, i)));
                break;
            default:
                break;
        }
    }

    private static float Llama3Divisor(ReferenceModel m, JsonElement s, int pair)
    {
        double theta = m.Find("rope_theta")!.Value.GetDouble();
        double wavelength = 2 * Math.PI * Math.Pow(theta, 2.0 * pair / m.HeadDim);
        double factor = s.GetProperty("factor").GetDouble();
        double low = s.GetProperty("low_freq_factor").GetDouble();
        double high = s.GetProperty("high_freq_factor").GetDouble();
        double original = s.GetProperty("original_max_position_embeddings").GetDouble();
        double smooth = ((original / wavelength) - low) / (high - low);
        return wavelength < original / high ? 1 : wavelength > original / low ? (float)factor : (float)(1 / (((1 - smooth) / factor) + smooth));
    }

    private static ReferenceTensor Vector(IEnumerable<float> values)
    {
        float[] array = [.. values];
        return new ReferenceTensor(array, array.Length);
    }

    /// <summary>Rows 0, d/2, 1, d/2 + 1, … of every head: halves become neighbours.</summary>
    private static ReferenceTensor Interleave(ReferenceTensor t, int heads)
    {
        int d = (int)t.Dimensions[0] / heads;
        int columns = (int)t.Dimensions[1];
        float[] values = new float[t.Values.Length];
        for (int r = 0; r < t.Dimensions[0]; r++)
        {
            int within = r % d;
            int from = r - within + (within / 2) + (within % 2 * (d / 2));
            Array.Copy(t.Values, from * columns, values, r * columns, columns);
        }

        return t with { Values = values };
    }

    private static string Name(string name, ReferenceModel m)
    {
        switch (name)
        {
            case "model.embed_tokens.weight": return "token_embd.weight";
            case "model.norm.weight": return "output_norm.weight";
            case "lm_head.weight": return "output.weight";
            default: break;
        }

        string[] parts = name.Split('.', 4);
        string rest = parts[3]
            .Replace("self_attn.q_norm", "attn_q_norm", StringComparison.Ordinal).Replace("self_attn.k_norm", "attn_k_norm", StringComparison.Ordinal)
            .Replace("self_attn.qkv_proj", "attn_qkv", StringComparison.Ordinal).Replace("self_attn.q_proj", "attn_q", StringComparison.Ordinal)
            .Replace("self_attn.k_proj", "attn_k", StringComparison.Ordinal).Replace("self_attn.v_proj", "attn_v", StringComparison.Ordinal)
            .Replace("self_attn.o_proj", "attn_output", StringComparison.Ordinal).Replace("mlp.gate_up_proj", "ffn_up", StringComparison.Ordinal)
            .Replace("mlp.gate_proj", "ffn_gate", StringComparison.Ordinal).Replace("mlp.up_proj", "ffn_up", StringComparison.Ordinal)
            .Replace("mlp.down_proj", "ffn_down", StringComparison.Ordinal).Replace("input_layernorm", "attn_norm", StringComparison.Ordinal)
            .Replace("post_attention_layernorm", m.IsGemma ? "post_attention_norm" : "ffn_norm", StringComparison.Ordinal)
            .Replace("pre_feedforward_layernorm", "ffn_norm", StringComparison.Ordinal)
            .Replace("post_feedforward_layernorm", "post_ffw_norm", StringComparison.Ordinal);
        return $"blk.{parts[2]}.{rest}";
    }
}
