using System.Text.Json;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Rotary embedding in doubles, for every scaling, straight from the definitions; halves of a head pair up.</summary>
internal sealed class ReferenceRotary
{
    private readonly double[] _frequencies;
    private readonly double[] _localFrequencies;
    private readonly double _factor = 1;

    internal ReferenceRotary(ReferenceModel m, int contextLength)
    {
        JsonElement? parameters = m.Find("rope_parameters");
        if (parameters is { } nested && ReferenceModel.Find(nested, "full_attention") is { } full)
        {
            parameters = full;
        }

        double part = (parameters is { } q ? ReferenceModel.Find(q, "partial_rotary_factor") : null)?.GetDouble()
            ?? m.Find("partial_rotary_factor")?.GetDouble() ?? 1;
        double theta = ((parameters is { } r ? ReferenceModel.Find(r, "rope_theta") : null) ?? m.Find("rope_theta"))?.GetDouble() ?? 10_000;
        int n = (int)(m.HeadDim * part) / 2;
        double[] plain = [.. Enumerable.Range(0, n).Select(i => 1 / Math.Pow(theta, (double)i / n))];
        (_frequencies, _factor) = Scale(plain, theta, parameters ?? m.Find("rope_scaling"), m, contextLength);
        _localFrequencies = _frequencies;
        if (m.ModelType == "gemma3_text")
        {
            double local = m.Find("rope_local_base_freq")?.GetDouble()
                ?? m.Config.GetProperty("rope_parameters").GetProperty("sliding_attention").GetProperty("rope_theta").GetDouble();
            _localFrequencies = [.. Enumerable.Range(0, n).Select(i => 1 / Math.Pow(local, (double)i / n))];
        }
    }

    /// <summary>Turns one head in place.</summary>
    internal void Turn(Span<double> head, int position, bool local)
    {
        double[] frequencies = local ? _localFrequencies : _frequencies;
        int n = frequencies.Length;
        for (int i = 0; i < n; i++)
        {
            double angle = position * frequencies[i];
            (double a, double b) = (head[i], head[i + n]);
            head[i] = _factor * ((a * Math.Cos(angle)) - (b * Math.Sin(angle)));
            head[i + n] = _factor * ((b * Math.Cos(angle)) + (a * Math.Sin(angle)));
        }
    }

    private static (double[] Frequencies, double Factor) Scale(
        double[] plain, double theta, JsonElement? scaling, ReferenceModel m, int contextLength)
    {
        if (scaling is not { } s)
        {
            return (plain, 1);
        }

        string type = (ReferenceModel.Find(s, "rope_type") ?? ReferenceModel.Find(s, "type"))?.GetString() ?? "default";
        double Number(string key) => s.GetProperty(key).GetDouble();
        switch (type)
        {
            case "linear":
                return ([.. plain.Select(f => f / Number("factor"))], 1);
            case "llama3":
                return ([.. plain.Select(f => Llama3(f, Number("factor"), Number("low_freq_factor"), Number("high_freq_factor"),
                    Number("original_max_position_embeddings")))], 1);
            case "yarn":
                return (Yarn(plain, theta, Number("factor"), Number("original_max_position_embeddings")), (0.1 * Math.Log(Number("factor"))) + 1);
            case "longrope":
                double original = m.Integer("original_max_position_embeddings");
                double[] divisors = [.. s.GetProperty(contextLength > original ? "long_factor" : "short_factor").EnumerateArray().Select(e => e.GetDouble())];
                double stretch = m.Integer("max_position_embeddings") / original;
                return ([.. plain.Select((f, i) => f / divisors[i])], Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original))));
            default:
                return (plain, 1);
        }
    }

    private static double Llama3(double f, double factor, double low, double high, double original)
    {
        double wavelength = 2 * Math.PI / f;
        if (wavelength < original / high)
        {
            return f;
        }

        if (wavelength > original / low)
        {
            return f / factor;
        }

        double smooth = ((original / wavelength) - low) / (high - low);
        return ((1 - smooth) * f / factor) + (smooth * f);
    }

    private static double[] Yarn(double[] plain, double theta, double factor, double original)
    {
        int d = 2 * plain.Length;
        double Pair(double rotations) => d * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
        double low = Math.Max(Math.Floor(Pair(32)), 0);
        double high = Math.Min(Math.Ceiling(Pair(1)), d - 1);
        return [.. plain.Select((f, i) =>
        {
            double ramp = Math.Min(1, Math.Max(0, (i - low) / (high == low ? 0.001 : high - low)));
            return (f / factor * ramp) + (f * (1 - ramp));
        })];
    }
}
