namespace LongContext.Tests.Shared.Golden;

/// <summary>Collects the tensors of a model under both conventions' names; "weight" is appended to each.</summary>
internal sealed class GoldenTensorTable(GoldenShape shape, GoldenKind norms = GoldenKind.Norm)
{
    private string _gguf = "";
    private string _folder = "";

    internal List<(GoldenTensor Tensor, string? FolderName)> Rows { get; } = [];

    /// <summary>What follows belongs to a layer.</summary>
    internal GoldenTensorTable Layer(int layer)
    {
        (_gguf, _folder) = ($"blk.{layer}.", $"model.layers.{layer}.");
        return this;
    }

    /// <summary>What follows belongs to no layer.</summary>
    internal GoldenTensorTable Model()
    {
        (_gguf, _folder) = ("", "");
        return this;
    }

    internal GoldenTensorTable Matrix(string gguf, string folder, int rows, int columns)
    {
        double residual = gguf is "attn_output" or "ffn_down" ? 1 / Math.Sqrt(2.0 * shape.Layers) : 1;
        double sharpened = gguf is "attn_q" or "attn_k" or "attn_qkv" ? shape.QKGain : 1;
        float amplitude = (float)(Math.Sqrt(3.0 / columns) * residual * sharpened);
        return Add(folder, new(_gguf + gguf + ".weight", rows, columns, GoldenKind.Matrix, amplitude));
    }

    internal GoldenTensorTable Table(string gguf, string folder)
    {
        float amplitude = (float)(Math.Sqrt(3.0 / shape.HiddenSize) * shape.OutputGain);
        return Model().Add(folder, new(gguf + ".weight", shape.Vocabulary, shape.HiddenSize, GoldenKind.Embedding, amplitude));
    }

    internal GoldenTensorTable Norm(string gguf, string folder, int? length = null) =>
        Add(folder, new(_gguf + gguf + ".weight", 1, length ?? shape.HiddenSize, norms));

    /// <summary>Rotary factors, which only GGUF keeps as a tensor.</summary>
    internal void Factors(string gguf, float[] values) => Rows.Add((new(gguf, 1, values.Length, GoldenKind.Rope, 1, values), null));

    private GoldenTensorTable Add(string folder, GoldenTensor tensor)
    {
        Rows.Add((tensor, $"{_folder}{folder}.weight"));
        return this;
    }
}
