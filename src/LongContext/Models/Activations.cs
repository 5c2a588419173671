using LongContext.Backends;
using LongContext.Models.Rotary;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>The tensors of one step, allocated once for the largest step and cut to each step's size.</summary>
internal sealed class Activations : IDisposable
{
    /// <summary>Most rows that a feed-forward layer computes at once: bounds its two widest tensors.</summary>
    internal const int FeedForwardRows = 2_048;

    private readonly IBackend _backend;
    private readonly List<Tensor> _all = [];
    private readonly Tensor _tokenIds, _hidden, _normed, _delta, _q, _k, _v, _attended, _gate, _up;
    private readonly Tensor _outputRows, _outputHidden, _logits;

    internal Activations(IBackend backend, ModelConfig c, int maxTokens, int maxOutputs)
    {
        _backend = backend;
        (long q, long kv) = ((long)c.QHeads * c.HeadDim, (long)c.KVHeads * c.HeadDim);
        _tokenIds = Allocate(DType.I32, new TensorShape(maxTokens));
        (_hidden, _normed, _delta) = (Matrix(maxTokens, c.HiddenSize), Matrix(maxTokens, c.HiddenSize), Matrix(maxTokens, c.HiddenSize));
        (_q, _k, _v, _attended) = (Matrix(maxTokens, q), Matrix(maxTokens, kv), Matrix(maxTokens, kv), Matrix(maxTokens, q));
        int wide = Math.Min(maxTokens, FeedForwardRows);
        (_gate, _up) = (Matrix(wide, c.IntermediateSize), Matrix(wide, c.IntermediateSize));
        _outputRows = Allocate(DType.I32, new TensorShape(maxOutputs));
        (_outputHidden, _logits) = (Matrix(maxOutputs, c.HiddenSize), Matrix(maxOutputs, c.VocabularySize));
        Resize(maxTokens, maxOutputs);
    }

    /// <summary>[tokens], I32.</summary>
    internal Tensor TokenIds { get; private set; }

    /// <summary>[tokens, hidden]: the residual stream.</summary>
    internal Tensor Hidden { get; private set; }

    /// <summary>[tokens, hidden]: what a half-layer reads.</summary>
    internal Tensor Normed { get; private set; }

    /// <summary>[tokens, hidden]: what a half-layer adds to the residual stream.</summary>
    internal Tensor Delta { get; private set; }

    /// <summary>[tokens, qHeads · headDim].</summary>
    internal Tensor Q { get; private set; }

    /// <summary>[tokens, kvHeads · headDim].</summary>
    internal Tensor K { get; private set; }

    /// <summary>[tokens, kvHeads · headDim].</summary>
    internal Tensor V { get; private set; }

    /// <summary>[tokens, qHeads · headDim]: attention's result.</summary>
    internal Tensor Attended { get; private set; }

    /// <summary>[at most <see cref="FeedForwardRows"/>, intermediate].</summary>
    internal Tensor Gate(long rows) => _gate.Slice(0, rows);

    /// <summary>[at most <see cref="FeedForwardRows"/>, intermediate].</summary>
    internal Tensor Up(long rows) => _up.Slice(0, rows);

    /// <summary>[outputs], I32.</summary>
    internal Tensor OutputRows { get; private set; }

    /// <summary>[outputs, hidden]: the rows whose logits are wanted.</summary>
    internal Tensor OutputHidden { get; private set; }

    /// <summary>[outputs, vocabulary].</summary>
    internal Tensor Logits { get; private set; }

    /// <summary>Bytes of all tensors, rotary tables included.</summary>
    internal static long ByteCount(ModelConfig c, int maxTokens, int maxOutputs)
    {
        (long q, long kv) = ((long)c.QHeads * c.HeadDim, (long)c.KVHeads * c.HeadDim);
        long perToken = 1 + (3L * c.HiddenSize) + (2 * q) + (2 * kv);
        long wide = 2L * c.IntermediateSize * Math.Min(maxTokens, FeedForwardRows);
        long perOutput = 1 + (long)c.HiddenSize + c.VocabularySize;
        long rotary = RotaryTable.ByteCount(c.Rotary, maxTokens)
            + (c.LocalRotary is { } local ? RotaryTable.ByteCount(local, maxTokens) : 0);
        return checked((sizeof(float) * ((perToken * maxTokens) + wide + (perOutput * maxOutputs))) + rotary);
    }

    /// <summary>Cuts all tensors to this step.</summary>
    internal void Resize(int tokens, int outputs)
    {
        TokenIds = _tokenIds.Slice(0, tokens);
        (Hidden, Normed, Delta) = (_hidden.Slice(0, tokens), _normed.Slice(0, tokens), _delta.Slice(0, tokens));
        (Q, K, V) = (_q.Slice(0, tokens), _k.Slice(0, tokens), _v.Slice(0, tokens));
        Attended = _attended.Slice(0, tokens);
        ResizeOutputs(outputs);
    }

    /// <summary>Cuts the outputs' tensors.</summary>
    internal void ResizeOutputs(int outputs)
    {
        (OutputRows, OutputHidden) = (_outputRows.Slice(0, outputs), _outputHidden.Slice(0, outputs));
        Logits = _logits.Slice(0, outputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _all)
        {
            tensor.Storage.Dispose();
        }
    }

    private Tensor Matrix(int rows, long columns) => Allocate(DType.F32, new TensorShape(rows, columns));

    private Tensor Allocate(DType type, TensorShape shape)
    {
        Tensor tensor = _backend.Allocate(type, shape);
        _all.Add(tensor);
        return tensor;
    }
}
