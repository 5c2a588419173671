using LongContext.Loading;
using LongContext.Models.Rotary;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>Reads the rotary embedding of a GGUF file: metadata keys, and factors kept as tensors.</summary>
internal static class GgufRotary
{
    private const string Divisors = "rope_freqs.weight";
    private const string Short = "rope_factors_short.weight";
    private const string Long = "rope_factors_long.weight";

    /// <summary>Reads one set of frequencies.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="headDim">Features of a head.</param>
    /// <param name="contextLength">The file's context_length.</param>
    internal static RotaryParameters Read(GgufFields fields, int headDim, int contextLength)
    {
        double theta = fields.Number("rope.freq_base") ?? 10_000;
        int dimensions = fields.Integer("rope.dimension_count", ConfigLimits.HeadDim, headDim);
        return new RotaryParameters(theta, dimensions, Scaling(fields, dimensions, contextLength));
    }

    private static RotaryScaling Scaling(GgufFields fields, int dimensions, int contextLength)
    {
        string type = fields.String("rope.scaling.type") ?? "";
        if (Vector(fields, Long, dimensions / 2) is { } longFactors)
        {
            double[] shortFactors = Vector(fields, Short, dimensions / 2)
                ?? throw new ModelFormatException(fields.File, Short, $"the tensor is missing, although there is {Long}.");
            int original = fields.Integer("rope.scaling.original_context_length", ConfigLimits.ContextLength, contextLength);
            return new LongRopeScaling(shortFactors, longFactors, original, (double)contextLength / original)
            {
                StatedAttentionFactor = fields.Number("rope.scaling.attn_factor"),
            };
        }

        double factor = fields.Number("rope.scaling.factor") ?? fields.Number("rope.scale_linear") ?? 1;
        factor = factor == 0 ? 1 : factor; // 0 is how converters write "none"
        if (!double.IsFinite(factor) || factor < 1)
        {
            throw new ModelFormatException(
                fields.File, fields.Key("rope.scaling.factor"), $"it is {factor}; it must be at least 1 and finite.");
        }

        RotaryScaling scaling = type switch
        {
            "none" => new NoScaling(),
            "linear" or "" => factor == 1 ? new NoScaling() : new LinearScaling(factor),
            "yarn" => Yarn(fields, factor, contextLength),
            _ => throw new UnsupportedModelException(
                $"{fields.File}: rope scaling '{type}'", "none, linear, yarn, longrope with its factor tensors"),
        };
        if (Vector(fields, Divisors, dimensions / 2) is not { } divisors)
        {
            return scaling;
        }

        return scaling is NoScaling
            ? new DivisorScaling(divisors)
            : throw new UnsupportedModelException($"{fields.File}: {Divisors} together with rope scaling '{type}'", "one of them");
    }

    private static YarnScaling Yarn(GgufFields fields, double factor, int contextLength)
    {
        double attention = fields.Number("rope.scaling.yarn_attn_factor") ?? fields.Number("rope.scaling.attn_factor") ?? 1;
        double logarithm = fields.Number("rope.scaling.yarn_log_multiplier") ?? 0;
        if (logarithm != 0)
        {
            throw new UnsupportedModelException($"{fields.File}: {fields.Key("rope.scaling.yarn_log_multiplier")}", "YaRN without it");
        }

        return new YarnScaling(factor, fields.Integer("rope.scaling.original_context_length", ConfigLimits.ContextLength, contextLength))
        {
            BetaFast = fields.Number("rope.scaling.yarn_beta_fast") ?? 32,
            BetaSlow = fields.Number("rope.scaling.yarn_beta_slow") ?? 1,
            StatedAttentionFactor = attention * YarnScaling.Magnitude(factor, 1),
        };
    }

    /// <summary>A tensor of rotary factors, or null.</summary>
    private static double[]? Vector(GgufFields fields, string name, int length)
    {
        if (fields.Weights is not { } weights || !weights.Tensors.TryGetValue(name, out WeightInfo? info))
        {
            return null;
        }

        if (info.Dimensions is not [var n] || n != length || info.Type is not (DType.F32 or DType.F16 or DType.BF16))
        {
            throw new ModelFormatException(
                weights.DisplayName, name, $"it is {info.Type}{WeightEntry.Format(info.Dimensions)}; expected F32[{length}].");
        }

        float[] values = new float[length];
        WeightVector.Read(weights.Open(name), 0, values);
        return Array.TrueForAll(values, v => float.IsFinite(v) && v > 0)
            ? [.. values.Select(v => (double)v)]
            : throw new ModelFormatException(weights.DisplayName, name, "every factor must be positive and finite.");
    }
}
