using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models.Rotary;

namespace LongContext.Models;

/// <summary>The fields of a config.json that families share, read with their bounds.</summary>
internal sealed class HuggingFaceFields(JsonConfig config)
{
    /// <summary>Options that change the computation and that no architecture here implements.</summary>
    private static readonly string[] UnsupportedSwitches =
        ["attention_bias", "mlp_bias", "rope_interleaved", "use_bidirectional_attention"];

    private static readonly string[] ExpertCounts = ["num_local_experts", "num_experts", "n_routed_experts"];

    /// <summary>The file itself.</summary>
    internal JsonConfig Json { get; } = config;

    /// <summary>The file, for messages.</summary>
    internal string File => Json.File;

    /// <summary>Everything the families have in common; each then changes what it has differently.</summary>
    /// <param name="architecture">Registry name.</param>
    /// <param name="headDim">Features of a head when the file does not say; 0: hidden size / heads.</param>
    /// <param name="tied">Whether the output matrix is the embedding when the file does not say.</param>
    internal ModelConfig Common(string architecture, int headDim = 0, bool tied = false)
    {
        RefuseUnsupported();
        int hidden = Integer("hidden_size", ConfigLimits.HiddenSize);
        int qHeads = Integer("num_attention_heads", ConfigLimits.Heads);
        if (!Json.Contains("head_dim") && headDim == 0 && hidden % qHeads != 0)
        {
            throw new ModelFormatException(
                File, "num_attention_heads", $"{qHeads} heads do not divide hidden_size {hidden}, and there is no head_dim.");
        }

        int dim = Integer("head_dim", ConfigLimits.HeadDim, headDim > 0 ? headDim : hidden / qHeads);
        int stated = Integer("max_position_embeddings", ConfigLimits.ContextLength);
        RotaryParameters rotary = HuggingFaceRotary.Read(this, dim, stated);
        return new ModelConfig
        {
            Architecture = architecture,
            Layers = Integer("num_hidden_layers", ConfigLimits.Layers),
            HiddenSize = hidden,
            IntermediateSize = Integer("intermediate_size", ConfigLimits.IntermediateSize),
            QHeads = qHeads,
            KVHeads = Integer("num_key_value_heads", ConfigLimits.Heads, qHeads),
            HeadDim = dim,
            VocabularySize = Integer("vocab_size", ConfigLimits.VocabularySize),
            MaxContextLength = Math.Max(stated, rotary.Scaling.ContextLength),
            RmsNormEpsilon = (float)Json.RequireNumber("rms_norm_eps"),
            Rotary = rotary,
            AttentionScale = (float)(1 / Math.Sqrt(dim)),
            Activation = Activation("hidden_act"),
            TieWordEmbeddings = Json.GetBoolean("tie_word_embeddings") ?? tied,
            RotaryLayout = RotaryLayout.SplitHalves,
        };
    }

    /// <summary>An integer of at least 1 and at most <paramref name="limit"/>.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="limit">The largest value accepted.</param>
    /// <param name="absent">What an absent key means; null: it must be there.</param>
    internal int Integer(string key, int limit, int? absent = null)
    {
        long value = absent is { } otherwise ? Json.GetInteger(key) ?? otherwise : Json.RequireInteger(key);
        return value >= 1 && value <= limit
            ? (int)value
            : throw new ModelFormatException(File, key, $"it is {value}; it must be from 1 to {limit}.");
    }

    /// <summary>A finite number above 0.</summary>
    internal double Positive(string key, double absent)
    {
        double value = Json.GetNumber(key) ?? absent;
        return double.IsFinite(value) && value > 0
            ? value
            : throw new ModelFormatException(File, key, $"it is {value}; it must be positive and finite.");
    }

    /// <summary>The activation's name, through a closed table.</summary>
    internal Activation Activation(string key, string absent = "silu") => (Json.GetString(key) ?? absent) switch
    {
        "silu" or "swish" => Backends.Activation.Silu,
        "gelu_pytorch_tanh" or "gelu_new" => Backends.Activation.GeluTanh,
        "gelu" => Backends.Activation.Gelu,
        string other => throw new UnsupportedModelException($"{File}: activation '{other}'", "silu, gelu, gelu_pytorch_tanh"),
    };

    /// <summary>Each layer's sliding window: by the list <c>layer_types</c> if there is one, else by <paramref name="slides"/>.</summary>
    internal IReadOnlyList<int> Windows(int layers, Func<int, bool> slides)
    {
        string[]? types = Json.GetStrings("layer_types");
        if (types is not null && types.Length != layers)
        {
            throw new ModelFormatException(File, "layer_types", $"it has {types.Length} entries for {layers} layers.");
        }

        bool[] sliding = [.. Enumerable.Range(0, layers).Select(l => types is null ? slides(l) : Slides(types[l]))];
        if (!sliding.Contains(true))
        {
            return [];
        }

        int window = Integer("sliding_window", ConfigLimits.ContextLength);
        return [.. sliding.Select(s => s ? window : 0)];
    }

    private bool Slides(string type) => type switch
    {
        "full_attention" => false,
        "sliding_attention" => true,
        _ => throw new UnsupportedModelException($"{File}: layer type '{type}'", "full_attention, sliding_attention"),
    };

    private void RefuseUnsupported()
    {
        if (Json.GetObject("quantization_config") is { } quantization)
        {
            throw new UnsupportedModelException(
                $"{File}: quantization_config ({quantization.GetString("quant_method") ?? "unnamed"})",
                "F32, F16 and BF16 safetensors; quantised weights as GGUF");
        }

        foreach (string key in UnsupportedSwitches.Where(key => Json.GetBoolean(key) ?? false))
        {
            throw new UnsupportedModelException($"{File}: {key} = true", $"{key} = false");
        }

        foreach (string key in ExpertCounts.Where(key => Json.GetInteger(key) > 0))
        {
            throw new UnsupportedModelException($"{File}: a mixture of experts ({key})", "dense feed-forward layers");
        }
    }
}
