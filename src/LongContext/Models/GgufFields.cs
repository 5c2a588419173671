using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models.Rotary;

namespace LongContext.Models;

/// <summary>The fields of a GGUF file's metadata that families share, read with their bounds.</summary>
/// <param name="metadata">The keys.</param>
/// <param name="architecture">What keys begin with.</param>
/// <param name="weights">The tensors, some of which are configuration (rotary factors); null in a vocabulary-only file.</param>
internal sealed class GgufFields(GgufMetadata metadata, string architecture, IWeightSource? weights)
{
    /// <summary>The file, for messages.</summary>
    internal string File => metadata.File;

    /// <summary>The tensors, or null.</summary>
    internal IWeightSource? Weights => weights;

    /// <summary>Everything the families have in common; each then changes what it has differently.</summary>
    internal ModelConfig Common()
    {
        RefuseUnsupported();
        int hidden = Integer("embedding_length", ConfigLimits.HiddenSize);
        int qHeads = Integer("attention.head_count", ConfigLimits.Heads);
        if (Number("attention.key_length") is null && hidden % qHeads != 0)
        {
            throw new ModelFormatException(
                File, Key("attention.head_count"),
                $"{qHeads} heads do not divide embedding_length {hidden}, and there is no attention.key_length.");
        }

        int headDim = Integer("attention.key_length", ConfigLimits.HeadDim, hidden / qHeads);
        int valueDim = Integer("attention.value_length", ConfigLimits.HeadDim, headDim);
        if (valueDim != headDim)
        {
            throw new UnsupportedModelException($"{File}: values of {valueDim} features with keys of {headDim}", "equal lengths");
        }

        int stated = Integer("context_length", ConfigLimits.ContextLength);
        RotaryParameters rotary = GgufRotary.Read(this, headDim, stated);
        return new ModelConfig
        {
            Architecture = architecture,
            Layers = Integer("block_count", ConfigLimits.Layers),
            HiddenSize = hidden,
            IntermediateSize = Integer("feed_forward_length", ConfigLimits.IntermediateSize),
            QHeads = qHeads,
            KVHeads = Integer("attention.head_count_kv", ConfigLimits.Heads, qHeads),
            HeadDim = headDim,
            VocabularySize = Vocabulary(),
            MaxContextLength = Math.Max(stated, rotary.Scaling.ContextLength),
            RmsNormEpsilon = (float)metadata.RequireNumber(Key("attention.layer_norm_rms_epsilon")),
            Rotary = rotary,
            AttentionScale = (float)(1 / Math.Sqrt(headDim)),
            TieWordEmbeddings = weights is not null && !weights.Tensors.ContainsKey("output.weight"),
            RotaryLayout = RotaryLayout.SplitHalves,
        };
    }

    /// <summary>An integer from 1 to <paramref name="limit"/>; a list of equal integers (one a layer) counts as one.</summary>
    /// <param name="name">The key after the architecture.</param>
    /// <param name="limit">The largest value accepted.</param>
    /// <param name="absent">What an absent key means; null: it must be there.</param>
    internal int Integer(string name, int limit, int? absent = null)
    {
        string key = Key(name);
        long value;
        if (metadata.GetValue(key) is long[] list)
        {
            value = list.Distinct().Count() == 1
                ? list[0]
                : throw new UnsupportedModelException($"{File}, {key}: a value that differs by layer", "one value for all layers");
        }
        else
        {
            value = absent is { } otherwise ? metadata.GetInteger(key) ?? otherwise : metadata.RequireInteger(key);
        }

        return value >= 1 && value <= limit
            ? (int)value
            : throw new ModelFormatException(File, key, $"it is {value}; it must be from 1 to {limit}.");
    }

    /// <summary>A number, or null.</summary>
    internal double? Number(string name) => metadata.GetNumber(Key(name));

    /// <summary>A string, or null.</summary>
    internal string? String(string name) => metadata.GetString(Key(name));

    /// <summary>Each layer's sliding window, for the layers that slide.</summary>
    /// <param name="layers">How many layers there are.</param>
    /// <param name="slides">Which of them slide.</param>
    /// <param name="absent">The window when the file states none; 0: no layer slides then.</param>
    internal IReadOnlyList<int> Windows(int layers, Func<int, bool> slides, int absent = 0)
    {
        const string Name = "attention.sliding_window";
        if ((Number(Name) ?? absent) == 0)
        {
            return [];
        }

        int window = Integer(Name, ConfigLimits.ContextLength, absent);
        return [.. Enumerable.Range(0, layers).Select(l => slides(l) ? window : 0)];
    }

    /// <summary>The full key.</summary>
    internal string Key(string name) => $"{architecture}.{name}";

    private int Vocabulary()
    {
        if (metadata.Contains(Key("vocab_size")))
        {
            return Integer("vocab_size", ConfigLimits.VocabularySize);
        }

        long rows = weights is not null && weights.Tensors.TryGetValue("token_embd.weight", out WeightInfo? table)
            ? table.Dimensions[0]
            : metadata.RequireStrings("tokenizer.ggml.tokens").Length;
        return rows <= ConfigLimits.VocabularySize
            ? (int)rows
            : throw new ModelFormatException(File, "token_embd.weight", $"{rows} rows; the limit is {ConfigLimits.VocabularySize}.");
    }

    private void RefuseUnsupported()
    {
        if (metadata.GetInteger(Key("expert_count")) is > 0 and long experts)
        {
            throw new UnsupportedModelException($"{File}: mixture of {experts} experts", "dense feed-forward layers");
        }

        if (metadata.GetBoolean(Key("attention.causal")) is false)
        {
            throw new UnsupportedModelException($"{File}: attention that is not causal", "causal attention");
        }
    }
}
