using LongContext.Backends;
using LongContext.Loading;

namespace LongContext.Models;

/// <summary>What Gemma 2 and Gemma 3 map alike.</summary>
internal static class GemmaFields
{
    private const int DefaultHeadDim = 256;
    private const double DefaultTheta3 = 1_000_000;

    /// <summary>Hugging Face's name of the norm before the feed-forward layer; the name Llama has for it means another norm here.</summary>
    internal static string WeightName(WeightRole role, WeightNaming naming) =>
        naming == WeightNaming.HuggingFace && role == WeightRole.FeedForwardNorm
            ? "pre_feedforward_layernorm.weight"
            : WeightNames.Usual(role, naming);

    /// <summary>Maps config.json.</summary>
    internal static ModelConfig FromHuggingFace(HuggingFaceFields fields, string architecture)
    {
        ModelConfig config = fields.Common(architecture, DefaultHeadDim, tied: true);
        bool statesTheta = fields.Json.Contains("rope_theta") || fields.Json.Contains("rope_parameters");
        return config with
        {
            AttentionScale = (float)(1 / Math.Sqrt(fields.Positive("query_pre_attn_scalar", DefaultHeadDim))),
            EmbeddingScale = EmbeddingScale(config.HiddenSize, fields.Json.GetString("torch_dtype") ?? fields.Json.GetString("dtype")),
            NormOffset = 1,
            Activation = fields.Activation("hidden_activation", "gelu_pytorch_tanh"),
            Rotary = statesTheta || architecture != "gemma3" ? config.Rotary : config.Rotary with { Theta = DefaultTheta3 },
        };
    }

    /// <summary>Maps GGUF metadata.</summary>
    /// <remarks>They have no query_pre_attn_scalar: the 27B models, known by their layers, differ from the rest.</remarks>
    internal static ModelConfig FromGguf(GgufFields fields, int layersOf27B)
    {
        ModelConfig config = fields.Common();
        double scalar = config.Layers == layersOf27B ? (double)config.HiddenSize / config.QHeads : config.HeadDim;
        return config with
        {
            AttentionScale = (float)(1 / Math.Sqrt(scalar)),
            EmbeddingScale = EmbeddingScale(config.HiddenSize, null),
            Activation = Activation.GeluTanh,
        };
    }

    /// <summary>√hidden, rounded to the checkpoint's type as in training; unrounded where the file states none (GGUF, as llama.cpp).</summary>
    private static float EmbeddingScale(int hidden, string? type)
    {
        float scale = MathF.Sqrt(hidden);
        return type switch
        {
            "float16" => (float)(Half)scale,
            "bfloat16" => RoundToBFloat16(scale),
            _ => scale,
        };
    }

    /// <summary>To nearest, ties to even.</summary>
    private static float RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        bits += 0x7FFF + ((bits >> 16) & 1);
        return BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
    }
}
