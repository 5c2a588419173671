using System.Text.Json;

namespace LongContext.Tests.Shared.Reference;

/// <summary>The transformer in double precision, unfused, dense, one sequence at a time: what every engine must compute.</summary>
/// <remarks>Written from the model definitions, reads config.json and Hugging Face tensor names itself, and shares no code with the library.</remarks>
internal sealed class ReferenceDecoder
{
    private readonly ReferenceModel _m;
    private readonly ReferenceRotary _rotary;

    /// <param name="model">Weights and configuration.</param>
    /// <param name="contextLength">What LongRoPE chooses its factors by.</param>
    internal ReferenceDecoder(ReferenceModel model, int contextLength) => (_m, _rotary) = (model, new ReferenceRotary(model, contextLength));

    /// <summary>The residual stream after each layer of the last <see cref="Logits"/>: [layer][position][hidden].</summary>
    internal List<double[][]> HiddenAfterLayer { get; } = [];

    /// <summary>Logits of every position: [position][vocabulary].</summary>
    internal double[][] Logits(IReadOnlyList<int> ids)
    {
        HiddenAfterLayer.Clear();
        double scale = _m.IsGemma ? Math.Sqrt(_m.Hidden) : 1;
        ReferenceTensor table = _m.Tensors["model.embed_tokens.weight"];
        double[][] x = [.. ids.Select(id => table.Row(id).Select(v => v * scale).ToArray())];
        for (int l = 0; l < _m.Layers; l++)
        {
            string p = $"model.layers.{l}.";
            double[][] attended = Attention(Norm(x, p + "input_layernorm.weight"), l);
            attended = _m.IsGemma ? Norm(attended, p + "post_attention_layernorm.weight") : attended;
            x = Add(x, attended);
            double[][] y = Norm(x, p + (_m.IsGemma ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight"));
            y = FeedForward(y, p);
            y = _m.IsGemma ? Norm(y, p + "post_feedforward_layernorm.weight") : y;
            x = Add(x, y);
            HiddenAfterLayer.Add(x);
        }

        double cap = _m.Find("final_logit_softcapping")?.GetDouble() ?? 0;
        double[][] logits = Product(Norm(x, "model.norm.weight"), _m.Tied ? "model.embed_tokens.weight" : "lm_head.weight");
        return cap > 0 ? [.. logits.Select(row => row.Select(v => cap * Math.Tanh(v / cap)).ToArray())] : logits;
    }

    private double[][] Attention(double[][] x, int layer)
    {
        string p = $"model.layers.{layer}.self_attn.";
        int d = _m.HeadDim;
        (double[][] q, double[][] k, double[][] v) = Projections(x, p);
        for (int t = 0; t < x.Length; t++)
        {
            for (int h = 0; h < _m.Heads; h++)
            {
                Prepare(q[t].AsSpan(h * d, d), p + "q_norm.weight", layer, t);
            }

            for (int h = 0; h < _m.KVHeads; h++)
            {
                Prepare(k[t].AsSpan(h * d, d), p + "k_norm.weight", layer, t);
            }
        }

        double[][] result = [.. x.Select(_ => new double[_m.Heads * d])];
        for (int t = 0; t < x.Length; t++)
        {
            for (int h = 0; h < _m.Heads; h++)
            {
                int kvHead = h / (_m.Heads / _m.KVHeads);
                Attend(q[t].AsSpan(h * d, d), k, v, kvHead * d, t, ReferenceWindows.Of(_m, layer), result[t].AsSpan(h * d, d));
            }
        }

        return Product(result, p + "o_proj.weight");
    }

    private (double[][] Q, double[][] K, double[][] V) Projections(double[][] x, string p)
    {
        if (_m.ModelType != "phi3")
        {
            return (Product(x, p + "q_proj.weight"), Product(x, p + "k_proj.weight"), Product(x, p + "v_proj.weight"));
        }

        (int q, int kv) = (_m.Heads * _m.HeadDim, _m.KVHeads * _m.HeadDim);
        double[][] all = Product(x, p + "qkv_proj.weight");
        return ([.. all.Select(r => r[..q])], [.. all.Select(r => r[q..(q + kv)])], [.. all.Select(r => r[(q + kv)..])]);
    }

    private void Prepare(Span<double> head, string norm, int layer, int position)
    {
        if (_m.Tensors.ContainsKey(norm))
        {
            Norm([head.ToArray()], norm)[0].CopyTo(head);
        }

        _rotary.Turn(head, position, ReferenceWindows.Of(_m, layer) > 0);
    }

    private void Attend(ReadOnlySpan<double> q, double[][] k, double[][] v, int offset, int position, int window, Span<double> result)
    {
        double scale = Math.Pow(_m.IsGemma ? _m.Config.GetProperty("query_pre_attn_scalar").GetDouble() : _m.HeadDim, -0.5);
        double cap = _m.Find("attn_logit_softcapping")?.GetDouble() ?? 0;
        double[] scores = new double[position + 1];
        for (int j = 0; j <= position; j++)
        {
            double score = 0;
            for (int i = 0; i < q.Length; i++)
            {
                score += q[i] * k[j][offset + i];
            }

            score *= scale;
            score = cap > 0 ? cap * Math.Tanh(score / cap) : score;
            scores[j] = window > 0 && position - j >= window ? double.NegativeInfinity : score;
        }

        double max = scores.Max();
        double[] weights = [.. scores.Select(s => Math.Exp(s - max))];
        double sum = weights.Sum();
        for (int j = 0; j <= position; j++)
        {
            for (int i = 0; i < q.Length; i++)
            {
                result[i] += weights[j] / sum * v[j][offset + i];
            }
        }
    }

    private double[][] FeedForward(double[][] x, string p)
    {
        double[][] gate;
        double[][] up;
        if (_m.ModelType == "phi3")
        {
            double[][] both = Product(x, p + "mlp.gate_up_proj.weight");
            int f = both[0].Length / 2;
            (gate, up) = ([.. both.Select(r => r[..f])], [.. both.Select(r => r[f..])]);
        }
        else
        {
            (gate, up) = (Product(x, p + "mlp.gate_proj.weight"), Product(x, p + "mlp.up_proj.weight"));
        }

        double[][] product = [.. gate.Zip(up, (g, u) => g.Zip(u, (a, b) => (_m.IsGemma ? GeluTanh(a) : a / (1 + Math.Exp(-a))) * b).ToArray())];
        return Product(product, p + "mlp.down_proj.weight");
    }

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private double[][] Norm(double[][] x, string name)
    {
        double epsilon = _m.Config.GetProperty("rms_norm_eps").GetDouble();
        double[] w = [.. _m.Tensors[name].Values.Select(v => _m.IsGemma ? 1.0 + v : v)];
        return [.. x.Select(row =>
        {
            double rms = Math.Sqrt(row.Average(v => v * v) + epsilon);
            return row.Zip(w, (v, g) => v / rms * g).ToArray();
        })];
    }

    private double[][] Product(double[][] x, string name)
    {
        ReferenceTensor matrix = _m.Tensors[name];
        double[][] rows = [.. Enumerable.Range(0, (int)matrix.Dimensions[0]).Select(matrix.Row)];
        float[]? bias = _m.Tensors.GetValueOrDefault(name.Replace(".weight", ".bias", StringComparison.Ordinal))?.Values;
        return [.. x.Select(row => rows.Select((w, o) => row.Zip(w, (a, b) => a * b).Sum() + (bias?[o] ?? 0)).ToArray())];
    }

    private static double[][] Add(double[][] x, double[][] y) => [.. x.Zip(y, (a, b) => a.Zip(b, (u, v) => u + v).ToArray())];
}
