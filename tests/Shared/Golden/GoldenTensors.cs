namespace LongContext.Tests.Shared.Golden;

/// <summary>The tensors of a shape, in the order of the file.</summary>
internal static class GoldenTensors
{
    internal static IReadOnlyList<GoldenTensor> Of(GoldenShape s)
    {
        int d = s.HiddenSize, q = s.QHeads * s.HeadDim, kv = s.KVHeads * s.HeadDim, f = s.FeedForward;
        List<GoldenTensor> tensors = [];
        void Matrix(string name, int rows, int columns) => tensors.Add(new(name, rows, columns, GoldenKind.Matrix, Amplitude(name, columns, s)));
        void Table(string name) => tensors.Add(new(name, s.Vocabulary, d, GoldenKind.Embedding, Amplitude(name, d, s)));
        void Norm(string name, int length) => tensors.Add(new(name, 1, length, GoldenKind.Norm));
        void Bias(string name, int length) => tensors.Add(new(name, 1, length, GoldenKind.Bias));

        Table("token_embd.weight");
        if (s.Llama3 is { } rope)
        {
            tensors.Add(new("rope_freqs.weight", 1, s.HeadDim / 2, GoldenKind.Rope, 1, rope.Divisors(s.HeadDim, s.RopeBase)));
        }

        for (int layer = 0; layer < s.Layers; layer++)
        {
            string b = $"blk.{layer}.";
            Norm(b + "attn_norm.weight", d);
            Matrix(b + "attn_q.weight", q, d);
            Matrix(b + "attn_k.weight", kv, d);
            Matrix(b + "attn_v.weight", kv, d);
            Matrix(b + "attn_output.weight", d, q);
            if (s.Architecture == "qwen2")
            {
                Bias(b + "attn_q.bias", q);
                Bias(b + "attn_k.bias", kv);
                Bias(b + "attn_v.bias", kv);
            }

            if (s.Architecture == "qwen3")
            {
                Norm(b + "attn_q_norm.weight", s.HeadDim);
                Norm(b + "attn_k_norm.weight", s.HeadDim);
            }

            Norm(b + "ffn_norm.weight", d);
            Matrix(b + "ffn_gate.weight", f, d);
            Matrix(b + "ffn_up.weight", f, d);
            Matrix(b + "ffn_down.weight", d, f);
        }

        Norm("output_norm.weight", d);
        if (!s.Tied)
        {
            Table("output.weight");
        }

        return tensors;
    }

    // sqrt(3 / columns) gives unit output variance for unit input.
    private static float Amplitude(string name, int columns, GoldenShape s)
    {
        double a = Math.Sqrt(3.0 / columns);
        return (float)(name.EndsWith("attn_q.weight", StringComparison.Ordinal) || name.EndsWith("attn_k.weight", StringComparison.Ordinal) ? a * s.QKGain
            : name.EndsWith("attn_output.weight", StringComparison.Ordinal) || name.EndsWith("ffn_down.weight", StringComparison.Ordinal)
                ? a / Math.Sqrt(2.0 * s.Layers)
            : name is "token_embd.weight" or "output.weight" ? a * s.OutputGain
            : a);
    }
}
