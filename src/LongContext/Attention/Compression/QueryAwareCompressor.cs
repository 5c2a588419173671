using System.Numerics.Tensors;
using LongContext.Backends;
using Tensor = LongContext.Tensors.Tensor;

namespace LongContext.Attention.Compression;

/// <summary>
/// A key's score is its product with the mean of the query's query vectors, over the query's tokens and the group's heads, after the rotary
/// embedding (Spava). Nothing is trained.
/// </summary>
/// <remarks>The query stands in the anchor, so its vectors are turned for the anchor's positions.</remarks>
internal sealed class QueryAwareCompressor : ICompressor
{
    private readonly IBackend _backend;
    private readonly AttentionModel _model;
    private readonly float[] _sums;  // [layers, kvHeads, headDim]: all heads of a group together
    private float[] _rows = [];

    internal QueryAwareCompressor(IBackend backend, AttentionModel model)
    {
        (_backend, _model) = (backend, model);
        _sums = new float[model.Layers * model.KVHeads * model.HeadDim];
    }

    /// <inheritdoc/>
    public ScoringStage Stage => ScoringStage.AfterRotary;

    /// <inheritdoc/>
    public int PoolingWidth => RetainingHeads.PublishedPoolingWidth;

    /// <inheritdoc/>
    public void Begin() => Array.Clear(_sums);

    /// <inheritdoc/>
    public void ReadQuery(int layer, in Tensor q)
    {
        ReadOnlySpan<float> rows = Download(q);
        int group = _model.QHeads / _model.KVHeads;
        for (int vector = 0; vector < q.Rows * _model.QHeads; vector++)
        {
            Span<float> sum = Sum(layer, vector % _model.QHeads / group);
            TensorPrimitives.Add(sum, rows.Slice(vector * _model.HeadDim, _model.HeadDim), sum);
        }
    }

    /// <inheritdoc/>
    public void Score(in LayerRows rows, Span<float> scores)
    {
        // The sum in place of the mean: the order of the scores is the same.
        ReadOnlySpan<float> k = Download(rows.K);
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = TensorPrimitives.Dot(k.Slice(i * _model.HeadDim, _model.HeadDim), Sum(rows.Layer, i % _model.KVHeads));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private Span<float> Sum(int layer, int head) => _sums.AsSpan(((layer * _model.KVHeads) + head) * _model.HeadDim, _model.HeadDim);

    private Span<float> Download(in Tensor tensor)
    {
        int count = checked((int)tensor.Shape.ElementCount);
        if (_rows.Length < count)
        {
            _rows = new float[count];
        }

        _backend.Download(tensor, _rows.AsSpan(0, count));
        return _rows.AsSpan(0, count);
    }
}
