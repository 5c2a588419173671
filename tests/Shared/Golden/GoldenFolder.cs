using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>Random models as Hugging Face folders, byte for byte as gen_model.py writes them: one type for all tensors.</summary>
internal static class GoldenFolder
{
    internal static void Write(string folder, GoldenShape s, DType type, ulong seed)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter writer = new();
        foreach (GoldenTensor tensor in GoldenTensors.Of(s).Where(t => t.Kind != GoldenKind.Rope))
        {
            Add(writer, NameOf(tensor.Name), tensor, type, seed, HalvesOfHeads(tensor, s));
        }

        writer.Write(Path.Combine(folder, "model.safetensors"));
        GoldenTokenizer tokenizer = new(s.Vocabulary);
        WriteJson(folder, "config.json", Config(s, type, tokenizer));
        WriteTokenizer(folder, tokenizer, s.Context);
    }

    /// <summary>Adds a tensor.</summary>
    internal static void Add(SafetensorsWriter writer, string name, GoldenTensor tensor, DType type, ulong seed, Func<int, int>? sourceRow)
    {
        long byteCount = BlockFormat.Of(type).ByteCount((long)tensor.Rows * tensor.Columns);
        writer.Tensor(name, type.ToString(), tensor.Dimensions, byteCount, stream => GoldenStream.Write(stream, tensor, type, seed, sourceRow));
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json.</summary>
    internal static void WriteTokenizer(string folder, GoldenTokenizer tokenizer, int context)
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToTokenizerJson());
        WriteJson(folder, "tokenizer_config.json", new()
        {
            ["chat_template"] = GoldenTokenizer.ChatTemplate,
            ["bos_token"] = tokenizer.Tokens[tokenizer.BosId],
            ["eos_token"] = tokenizer.Tokens[tokenizer.EosId],
            ["add_bos_token"] = false,
            ["model_max_length"] = context,
        });
    }

    /// <summary>Writes a JSON file on many lines.</summary>
    internal static void WriteJson(string folder, string name, OrderedDictionary<string, object?> value) =>
        File.WriteAllText(Path.Combine(folder, name), PythonJson.Dump(value, indent: 1));

    /// <summary>Hugging Face's name of a type in config.json.</summary>
    internal static string TorchType(DType type) => type switch
    {
        DType.F32 => "float32", DType.F16 => "float16", DType.BF16 => "bfloat16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Folders come in F32, F16 and BF16."),
    };

    /// <summary>config.json of a shape.</summary>
    internal static OrderedDictionary<string, object?> Config(GoldenShape s, DType type, GoldenTokenizer tokenizer)
    {
        string prefix = s.Architecture switch { "llama" => "Llama", "qwen2" => "Qwen2", _ => "Qwen3" };
        OrderedDictionary<string, object?> config = new()
        {
            ["architectures"] = new object[] { prefix + "ForCausalLM" }, ["model_type"] = s.Architecture, ["hidden_size"] = s.HiddenSize,
            ["num_hidden_layers"] = s.Layers, ["num_attention_heads"] = s.QHeads, ["num_key_value_heads"] = s.KVHeads, ["head_dim"] = s.HeadDim,
            ["intermediate_size"] = s.FeedForward, ["vocab_size"] = s.Vocabulary, ["tie_word_embeddings"] = s.Tied, ["rms_norm_eps"] = s.Epsilon,
            ["rope_theta"] = s.RopeBase, ["max_position_embeddings"] = s.Context, ["hidden_act"] = "silu", ["torch_dtype"] = TorchType(type),
            ["bos_token_id"] = tokenizer.BosId, ["eos_token_id"] = tokenizer.EosId,
        };
        if (s.Llama3 is { } p)
        {
            config["rope_scaling"] = new OrderedDictionary<string, object?>
            {
                ["rope_type"] = "llama3", ["factor"] = p.Factor, ["low_freq_factor"] = p.Low, ["high_freq_factor"] = p.High,
                ["original_max_position_embeddings"] = p.OriginalContext,
            };
        }

        return config;
    }

    /// <summary>Hugging Face's name of the tensor that GGUF calls so, in a Llama or Qwen model.</summary>
    internal static string NameOf(string gguf)
    {
        string[] parts = gguf.Split('.');
        return gguf switch
        {
            "token_embd.weight" => "model.embed_tokens.weight",
            "output_norm.weight" => "model.norm.weight",
            "output.weight" => "lm_head.weight",
            _ => $"model.layers.{parts[1]}.{LayerPart(parts[2])}.{parts[3]}",
        };
    }

    private static string LayerPart(string gguf) => gguf switch
    {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => throw new ArgumentException($"No Hugging Face name for {gguf}.", nameof(gguf)),
    };

    // GGUF's llama stores the rows of a head interleaved for its rotation; Hugging Face has the two halves one after the other.
    private static Func<int, int>? HalvesOfHeads(GoldenTensor tensor, GoldenShape s)
    {
        bool rotated = s.Architecture == "llama"
            && (tensor.Name.EndsWith("attn_q.weight", StringComparison.Ordinal) || tensor.Name.EndsWith("attn_k.weight", StringComparison.Ordinal));
        int half = s.HeadDim / 2;
        return rotated ? row => (row / s.HeadDim * s.HeadDim) + (row % half * 2) + (row % s.HeadDim / half) : null;
    }
}
