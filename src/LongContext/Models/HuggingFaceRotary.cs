using LongContext.Loading;
using LongContext.Models.Rotary;

namespace LongContext.Models;

/// <summary>Reads the rotary embedding of a config.json: rope_theta and rope_scaling, or the newer rope_parameters.</summary>
internal static class HuggingFaceRotary
{
    private const double DefaultTheta = 10_000;
    private const string OriginalKey = "original_max_position_embeddings";

    /// <summary>Reads one set of frequencies.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="headDim">Features of a head.</param>
    /// <param name="maxPositions">max_position_embeddings.</param>
    internal static RotaryParameters Read(HuggingFaceFields fields, int headDim, int maxPositions)
    {
        JsonConfig json = fields.Json;
        JsonConfig? parameters = json.GetObject("rope_parameters");
        parameters = parameters?.GetObject("full_attention") ?? parameters; // Gemma 3 nests one object for each layer type
        double theta = parameters?.GetNumber("rope_theta") ?? json.GetNumber("rope_theta") ?? DefaultTheta;
        int dimensions = Dimensions(parameters ?? json, json, headDim);
        JsonConfig? scaling = parameters ?? json.GetObject("rope_scaling");
        return new RotaryParameters(
            theta, dimensions, scaling is null ? new NoScaling() : Scaling(scaling, json, dimensions, maxPositions));
    }

    /// <summary>Reads the frequencies of the layers with a window, where a model has others for them; never stretched.</summary>
    internal static RotaryParameters ReadLocal(HuggingFaceFields fields, int headDim, double defaultTheta)
    {
        JsonConfig? local = fields.Json.GetObject("rope_parameters")?.GetObject("sliding_attention");
        string type = local?.GetString("rope_type") ?? "default";
        double theta = local?.GetNumber("rope_theta") ?? fields.Json.GetNumber("rope_local_base_freq") ?? defaultTheta;
        return type == "default"
            ? new RotaryParameters(theta, headDim, new NoScaling())
            : throw new UnsupportedModelException($"{fields.File}: rope scaling '{type}' on sliding layers", "default");
    }

    private static int Dimensions(JsonConfig parameters, JsonConfig json, int headDim)
    {
        double part = parameters.GetNumber("partial_rotary_factor") ?? json.GetNumber("partial_rotary_factor") ?? 1;
        return part is > 0 and <= 1
            ? (int)(headDim * part)
            : throw new ModelFormatException(json.File, "partial_rotary_factor", $"it is {part}; it must be above 0 and at most 1.");
    }

    private static RotaryScaling Scaling(JsonConfig s, JsonConfig json, int dimensions, int maxPositions)
    {
        string type = s.GetString("rope_type") ?? s.GetString("type") ?? "default";
        switch (type)
        {
            case "default":
                return new NoScaling();
            case "linear":
                return new LinearScaling(AtLeastOne(s, "factor", s.RequireNumber("factor")));
            case "llama3":
                return Llama3(s, Original(s, json) ?? throw new ModelFormatException(s.File, OriginalKey, "the key is missing."));
            case "yarn":
                return Yarn(s, Original(s, json) ?? maxPositions, maxPositions);
            case "longrope" or "su":
                return LongRope(s, dimensions, Original(s, json), maxPositions);
            default:
                throw new UnsupportedModelException($"{s.File}: rope scaling '{type}'", "default, linear, llama3, yarn, longrope");
        }
    }

    private static Llama3Scaling Llama3(JsonConfig s, int original)
    {
        double low = Positive(s, "low_freq_factor", s.RequireNumber("low_freq_factor"));
        double high = s.RequireNumber("high_freq_factor");
        return double.IsFinite(high) && high > low
            ? new Llama3Scaling(AtLeastOne(s, "factor", s.RequireNumber("factor")), low, high, original)
            : throw new ModelFormatException(s.File, "high_freq_factor", $"it is {high}; it must be above low_freq_factor, {low}.");
    }

    private static YarnScaling Yarn(JsonConfig s, int original, int maxPositions)
    {
        double factor = AtLeastOne(s, "factor", s.GetNumber("factor") ?? (double)maxPositions / original);
        double? stated = s.GetNumber("attention_factor");
        if (stated is null && s.GetNumber("mscale") is { } m && s.GetNumber("mscale_all_dim") is { } all && m != 0 && all != 0)
        {
            stated = YarnScaling.Magnitude(factor, m) / YarnScaling.Magnitude(factor, all);
        }

        return new YarnScaling(factor, original)
        {
            BetaFast = Positive(s, "beta_fast", s.GetNumber("beta_fast") ?? 32),
            BetaSlow = Positive(s, "beta_slow", s.GetNumber("beta_slow") ?? 1),
            Truncate = s.GetBoolean("truncate") ?? true,
            StatedAttentionFactor = stated,
        };
    }

    private static LongRopeScaling LongRope(JsonConfig s, int dimensions, int? stated, int maxPositions)
    {
        int original = stated ?? maxPositions;
        double factor = stated is null ? s.GetNumber("factor") ?? 1 : (double)maxPositions / original;
        return new LongRopeScaling(Factors("short_factor"), Factors("long_factor"), original, factor)
        {
            StatedAttentionFactor = s.GetNumber("attention_factor"),
        };

        double[] Factors(string key)
        {
            double[] factors = s.GetNumbers(key) ?? throw new ModelFormatException(s.File, key, "the key is missing.");
            return factors.Length == dimensions / 2 && factors.All(f => double.IsFinite(f) && f > 0)
                ? factors
                : throw new ModelFormatException(s.File, key, $"it must be {dimensions / 2} positive numbers; there are {factors.Length}.");
        }
    }

    private static int? Original(JsonConfig scaling, JsonConfig json)
    {
        long? value = scaling.GetInteger(OriginalKey) ?? json.GetInteger(OriginalKey);
        return value is null or (>= 2 and <= ConfigLimits.ContextLength)
            ? (int?)value
            : throw new ModelFormatException(
                scaling.File, OriginalKey, $"it is {value}; it must be from 2 to {ConfigLimits.ContextLength}.");
    }

    private static double Positive(JsonConfig s, string key, double value) => double.IsFinite(value) && value > 0
        ? value
        : throw new ModelFormatException(s.File, key, $"it is {value}; it must be positive and finite.");

    private static double AtLeastOne(JsonConfig s, string key, double value) => double.IsFinite(value) && value >= 1
        ? value
        : throw new ModelFormatException(s.File, key, $"it is {value}; it must be at least 1 and finite.");
}
