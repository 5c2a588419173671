using System.Numerics.Tensors;
using LongContext.Backends;
using Tensor = LongContext.Tensors.Tensor;

namespace LongContext.Attention.Compression;

/// <summary>
/// A key's score is how little it looks like the keys of its block up to it: minus the cosine of the key and the sum of those keys, each of
/// length one, before the rotary embedding. Nothing is trained, and neither query nor reader is asked.
/// </summary>
/// <remarks>
/// Most keys of a block say much the same, "a word of running text"; those that later rows look for are those that stand out. The idea of
/// scoring by likeness to the mean key is KeyDiff's (arXiv 2504.15364), which evicts from a cache. Here keys are compared before rotation, which
/// otherwise hides likeness behind distance, and with those before them only, so that a block is scored as it is read, in chunks of any size.
/// </remarks>
internal sealed class DistinctCompressor : ICompressor
{
    private readonly IBackend _backend;
    private readonly AttentionModel _model;
    private readonly float[] _sums; // [layers, kvHeads, headDim]: of the block's keys so far, each of length one
    private readonly float[] _unit;
    private float[] _keys = [];

    internal DistinctCompressor(IBackend backend, AttentionModel model)
    {
        (_backend, _model) = (backend, model);
        _sums = new float[model.Layers * model.KVHeads * model.HeadDim];
        _unit = new float[model.HeadDim];
    }

    /// <inheritdoc/>
    public ScoringStage Stage => ScoringStage.BeforeRotary;

    /// <inheritdoc/>
    /// <remarks>None: a neighbour of a key that stands out need not, and would take its place.</remarks>
    public int PoolingWidth => 1;

    /// <inheritdoc/>
    public void Begin()
    {
    }

    /// <inheritdoc/>
    public void ReadQuery(int layer, in Tensor q)
    {
    }

    /// <inheritdoc/>
    public void Score(in LayerRows rows, Span<float> scores)
    {
        if (rows.FirstPosition == rows.BlockStart)
        {
            Array.Clear(_sums, rows.Layer * _model.KVHeads * _model.HeadDim, _model.KVHeads * _model.HeadDim);
        }

        int count = checked((int)rows.K.Shape.ElementCount);
        _keys = _keys.Length < count ? new float[count] : _keys;
        _backend.Download(rows.K, _keys.AsSpan(0, count));
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Score(
                _keys.AsSpan(i * _model.HeadDim, _model.HeadDim),
                _sums.AsSpan(((rows.Layer * _model.KVHeads) + (i % _model.KVHeads)) * _model.HeadDim, _model.HeadDim));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Adds the key to the sum and compares the two. A key or sum of length zero is like nothing: 0.</summary>
    private float Score(ReadOnlySpan<float> key, Span<float> sum)
    {
        float length = TensorPrimitives.Norm(key);
        if (!(length > 0))
        {
            return 0;
        }

        TensorPrimitives.Divide(key, length, _unit);
        TensorPrimitives.Add(sum, _unit, sum);
        float sumLength = TensorPrimitives.Norm<float>(sum);
        return sumLength > 0 ? -TensorPrimitives.Dot<float>(_unit, sum) / sumLength : 0;
    }
}
