using System.Text.Json;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Reference;

/// <summary>A small model with random weights: a Hugging Face config.json and the tensors its classes would have.</summary>
/// <remarks>Written from the published model definitions; shares nothing with the library's own tables.</remarks>
internal sealed class ReferenceModel
{
    private readonly Dictionary<string, ReferenceTensor> _tensors = [];
    private readonly Random _random;

    private ReferenceModel(string json, int seed)
    {
        Json = json;
        Config = JsonDocument.Parse(json).RootElement;
        _random = new Random(seed);
    }

    internal string Json { get; }

    internal JsonElement Config { get; }

    internal IReadOnlyDictionary<string, ReferenceTensor> Tensors => _tensors;

    internal string ModelType => Config.GetProperty("model_type").GetString()!;

    internal bool IsGemma => ModelType is "gemma2" or "gemma3_text";

    internal int Hidden => Integer("hidden_size");

    internal int Layers => Integer("num_hidden_layers");

    internal int Heads => Integer("num_attention_heads");

    internal int KVHeads => Integer("num_key_value_heads");

    internal int HeadDim => Find("head_dim") is { } dim ? dim.GetInt32() : Hidden / Heads;

    internal int Vocabulary => Integer("vocab_size");

    internal bool Tied => Find("tie_word_embeddings")?.GetBoolean() ?? IsGemma;

    internal static ReferenceModel Create(string json, int seed)
    {
        ReferenceModel model = new(json, seed);
        model.AddAll();
        return model;
    }

    /// <summary>The model of an opened Hugging Face folder, its weights decoded.</summary>
    internal static ReferenceModel From(ModelFiles files)
    {
        ReferenceModel model = new(files.Config!.Root.GetRawText(), 0);
        foreach (WeightInfo info in files.Weights!.Tensors.Values)
        {
            Tensor weight = files.Weights.Open(info.Name);
            float[] values = [.. ReferenceDequantizer.Decode(weight.HostSpan<byte>(), weight.Type).Select(v => (float)v)];
            model._tensors[info.Name] = new ReferenceTensor(values, [.. info.Dimensions]);
        }

        return model;
    }

    internal int Integer(string key) => Config.GetProperty(key).GetInt32();

    /// <summary>A key's value; null when it is absent or null.</summary>
    internal JsonElement? Find(string key) => Find(Config, key);

    internal static JsonElement? Find(JsonElement o, string key) =>
        o.TryGetProperty(key, out JsonElement e) && e.ValueKind != JsonValueKind.Null ? e : null;

    private void AddAll()
    {
        int f = Integer("intermediate_size");
        (int q, int kv) = (Heads * HeadDim, KVHeads * HeadDim);
        Matrix("model.embed_tokens.weight", Vocabulary, Hidden, 2);
        for (int l = 0; l < Layers; l++)
        {
            string p = $"model.layers.{l}.";
            Norm(p + "input_layernorm.weight", Hidden);
            if (ModelType == "phi3")
            {
                Matrix(p + "self_attn.qkv_proj.weight", q + (2 * kv), Hidden, 1.5);
                Matrix(p + "mlp.gate_up_proj.weight", 2 * f, Hidden, 1);
            }
            else
            {
                Matrix(p + "self_attn.q_proj.weight", q, Hidden, 2);
                Matrix(p + "self_attn.k_proj.weight", kv, Hidden, 2);
                Matrix(p + "self_attn.v_proj.weight", kv, Hidden, 1);
                Matrix(p + "mlp.gate_proj.weight", f, Hidden, 1);
                Matrix(p + "mlp.up_proj.weight", f, Hidden, 1);
            }

            if (ModelType == "qwen2")
            {
                _tensors[p + "self_attn.q_proj.bias"] = new(Uniform(q, 0.5), q);
                _tensors[p + "self_attn.k_proj.bias"] = new(Uniform(kv, 0.5), kv);
                _tensors[p + "self_attn.v_proj.bias"] = new(Uniform(kv, 0.5), kv);
            }

            if (ModelType is "qwen3" or "gemma3_text")
            {
                Norm(p + "self_attn.q_norm.weight", HeadDim);
                Norm(p + "self_attn.k_norm.weight", HeadDim);
            }

            Matrix(p + "self_attn.o_proj.weight", Hidden, q, 1);
            Norm(p + "post_attention_layernorm.weight", Hidden);
            if (IsGemma)
            {
                Norm(p + "pre_feedforward_layernorm.weight", Hidden);
                Norm(p + "post_feedforward_layernorm.weight", Hidden);
            }

            Matrix(p + "mlp.down_proj.weight", Hidden, f, 1);
        }

        Norm("model.norm.weight", Hidden);
        if (!Tied)
        {
            Matrix("lm_head.weight", Vocabulary, Hidden, 1);
        }
    }

    private void Matrix(string name, int rows, int columns, double gain) =>
        _tensors[name] = new(Uniform(rows * columns, gain * Math.Sqrt(3.0 / columns)), rows, columns);

    private void Norm(string name, int n) =>
        _tensors[name] = new([.. Uniform(n, 0.3).Select(u => IsGemma ? u : 1 + u)], n); // Gemma stores the weight less one

    private float[] Uniform(int n, double amplitude) =>
        [.. Enumerable.Range(0, n).Select(_ => (float)(((_random.NextDouble() * 2) - 1) * amplitude))];
}
