using LongContext.Attention;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Training;

/// <summary>Exact attention that lets the trainer look at every layer's queries, keys and values.</summary>
internal sealed class HeadObserver(IBackend backend, AttentionModel model) : IAttentionMethod
{
    private readonly FullAttention _attention = new();
    private float[] _part = [];
    private float[] _features = [];

    /// <summary>What it looks at now.</summary>
    internal ObservationStage Stage { get; set; }

    /// <summary>Where the labels are collected.</summary>
    internal AttentionLabels Labels { get; } = new(backend, model);

    /// <summary>Given a layer's rows in <see cref="ObservationStage.Gradient"/>: layer, [rows, features] and rows.</summary>
    internal Action<int, float[], int>? RowsSeen { get; set; }

    /// <summary>Features of a row: the published order, query then key then value heads, before the rotary embedding.</summary>
    internal int Features => (model.QHeads + (2 * model.KVHeads)) * model.HeadDim;

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows) => _attention.LayOut(chunks, pass, rows);

    /// <inheritdoc/>
    public void AddItems(AttentionBatch batch) => _attention.AddItems(batch);

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        if (Stage == ObservationStage.Gradient)
        {
            ReadFeatures(q, k, v);
            RowsSeen?.Invoke(context.Layer, _features, q.Rows);
        }

        _attention.Forward(context, q, k, v, output);
        if (Stage == ObservationStage.Labels)
        {
            Labels.Add(context, q); // turned in place by now
        }
    }

    private void ReadFeatures(in Tensor q, in Tensor k, in Tensor v)
    {
        int needed = checked(q.Rows * Features);
        if (_features.Length < needed)
        {
            _features = new float[needed];
            _part = new float[needed];
        }

        int width = model.HeadDim;
        Copy(q, 0, model.QHeads, model.RotaryLayout == RotaryLayout.Interleaved);
        Copy(k, model.QHeads * width, model.KVHeads, model.RotaryLayout == RotaryLayout.Interleaved);
        Copy(v, (model.QHeads + model.KVHeads) * width, model.KVHeads, interleaved: false);
    }

    private void Copy(in Tensor x, int start, int heads, bool interleaved)
    {
        Span<float> part = _part.AsSpan(0, checked((int)x.Shape.ElementCount));
        backend.Download(x, part);
        for (int vector = 0; vector < x.Rows * heads; vector++)
        {
            ReadOnlySpan<float> source = part.Slice(vector * model.HeadDim, model.HeadDim);
            Span<float> target = _features.AsSpan((vector / heads * Features) + start + (vector % heads * model.HeadDim), model.HeadDim);
            if (!interleaved)
            {
                source.CopyTo(target);
                continue;
            }

            for (int i = 0; i < source.Length; i++)
            {
                target[(i / 2) + (i % 2 * (model.HeadDim / 2))] = source[i]; // neighbours in GGUF are halves apart in the published order
            }
        }
    }
}
