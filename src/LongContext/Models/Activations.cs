using LongContext.Backends;
using LongContext.Models.Rotary;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>The tensors of one step, allocated once for the largest step and cut to each step's size.</summary>
internal sealed class Activations : IDisposable
{
    private readonly Tensor[] _perToken;
    private readonly Tensor[] _perOutput;
    private int _tokens;
    private int _outputs;

    internal Activations(IBackend backend, ModelConfig config, int maxTokens, int maxOutputs)
    {
        _perToken = [.. PerToken(config).Select(x => Allocate(backend, x.Type, maxTokens, x.Columns))];
        _perOutput = [.. PerOutput(config).Select(x => Allocate(backend, x.Type, maxOutputs, x.Columns))];
    }

    /// <summary>[tokens], I32.</summary>
    internal Tensor TokenIds => _perToken[0].Slice(0, _tokens).Reshape(new TensorShape(_tokens));

    /// <summary>[tokens, hidden]: the residual stream.</summary>
    internal Tensor Hidden => _perToken[1].Slice(0, _tokens);

    /// <summary>[tokens, hidden]: what a half-layer reads.</summary>
    internal Tensor Normed => _perToken[2].Slice(0, _tokens);

    /// <summary>[tokens, hidden]: what a half-layer adds to the residual stream.</summary>
    internal Tensor Delta => _perToken[3].Slice(0, _tokens);

    /// <summary>[tokens, qHeads · headDim].</summary>
    internal Tensor Q => _perToken[4].Slice(0, _tokens);

    /// <summary>[tokens, kvHeads · headDim].</summary>
    internal Tensor K => _perToken[5].Slice(0, _tokens);

    /// <summary>[tokens, kvHeads · headDim].</summary>
    internal Tensor V => _perToken[6].Slice(0, _tokens);

    /// <summary>[tokens, qHeads · headDim]: attention's result.</summary>
    internal Tensor Attended => _perToken[7].Slice(0, _tokens);

    /// <summary>[tokens, intermediate].</summary>
    internal Tensor Gate => _perToken[8].Slice(0, _tokens);

    /// <summary>[tokens, intermediate].</summary>
    internal Tensor Up => _perToken[9].Slice(0, _tokens);

    /// <summary>[outputs], I32.</summary>
    internal Tensor OutputRows => _perOutput[0].Slice(0, _outputs).Reshape(new TensorShape(_outputs));

    /// <summary>[outputs, hidden]: the rows whose logits are wanted.</summary>
    internal Tensor OutputHidden => _perOutput[1].Slice(0, _outputs);

    /// <summary>[outputs, vocabulary].</summary>
    internal Tensor Logits => _perOutput[2].Slice(0, _outputs);

    /// <summary>Bytes of all tensors, rotary tables included.</summary>
    internal static long ByteCount(ModelConfig config, int maxTokens, int maxOutputs)
    {
        long perToken = PerToken(config).Sum(x => x.Columns * sizeof(float));
        long perOutput = PerOutput(config).Sum(x => x.Columns * sizeof(float));
        long rotary = RotaryTable.ByteCount(config.Rotary, maxTokens)
            + (config.LocalRotary is { } local ? RotaryTable.ByteCount(local, maxTokens) : 0);
        return checked((perToken * maxTokens) + (perOutput * maxOutputs) + rotary);
    }

    /// <summary>Cuts all tensors to this step.</summary>
    internal void Resize(int tokens, int outputs) => (_tokens, _outputs) = (tokens, outputs);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _perToken.Concat(_perOutput))
        {
            tensor.Storage.Dispose();
        }
    }

    private static (DType Type, long Columns)[] PerToken(ModelConfig c)
    {
        long q = (long)c.QHeads * c.HeadDim;
        long kv = (long)c.KVHeads * c.HeadDim;
        return
        [
            (DType.I32, 1), (DType.F32, c.HiddenSize), (DType.F32, c.HiddenSize), (DType.F32, c.HiddenSize), (DType.F32, q), (DType.F32, kv),
            (DType.F32, kv), (DType.F32, q), (DType.F32, c.IntermediateSize), (DType.F32, c.IntermediateSize),
        ];
    }

    private static (DType Type, long Columns)[] PerOutput(ModelConfig c) =>
        [(DType.I32, 1), (DType.F32, c.HiddenSize), (DType.F32, c.VocabularySize)];

    private static Tensor Allocate(IBackend backend, DType type, int rows, long columns) => backend.Allocate(type, new TensorShape(rows, columns));
}
