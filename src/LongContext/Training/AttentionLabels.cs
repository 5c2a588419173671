using System.Numerics.Tensors;
using LongContext.Attention;
using LongContext.Backends;
using LongContext.Tensors;
using Tensor = LongContext.Tensors.Tensor;

namespace LongContext.Training;

/// <summary>What retaining heads are to foretell: for each prompt token and KV head, the highest probability with which any later row attends to it.</summary>
/// <remarks>The softmax is the exact one, over the prompt and what stands between it and the row; the maximum is over rows and the group's query heads.</remarks>
internal sealed class AttentionLabels(IBackend backend, AttentionModel model) : IDisposable
{
    private readonly float[][] _labels = new float[model.Layers][];
    private Tensor _slots, _k, _v;
    private float[] _keys = [];
    private int _length;

    /// <summary>Prompt tokens.</summary>
    internal int PromptLength { get; private set; }

    /// <summary>Which token of the continuation is the next row.</summary>
    internal int FirstRow { get; set; }

    /// <summary>Forgets the last prompt.</summary>
    /// <param name="promptLength">Its tokens; their keys are in the cache's slots from 0 on, those of the continuation behind them.</param>
    internal void Begin(int promptLength)
    {
        PromptLength = promptLength;
        for (int layer = 0; layer < model.Layers; layer++)
        {
            _labels[layer] = new float[promptLength * model.KVHeads];
        }
    }

    /// <summary>[prompt tokens, kvHeads] of a layer.</summary>
    internal float[] Of(int layer) => _labels[layer];

    /// <summary>Takes in the rows of a continuation.</summary>
    /// <param name="context">The layer; the rows' keys are in the cache.</param>
    /// <param name="q">[rows, qHeads, headDim], turned.</param>
    internal void Add(in AttentionContext context, in Tensor q)
    {
        int rows = q.Rows;
        int before = PromptLength + FirstRow;
        LoadKeys(context, before + rows);
        float[] queries = new float[q.Shape.ElementCount];
        backend.Download(q, queries);
        int group = model.QHeads / model.KVHeads;
        float[] scores = new float[before + rows];
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < model.QHeads; head++)
            {
                ReadOnlySpan<float> query = queries.AsSpan(((row * model.QHeads) + head) * model.HeadDim, model.HeadDim);
                Span<float> probabilities = scores.AsSpan(0, before + row + 1);
                Attend(query, head / group, context.Parameters, probabilities);
                Raise(_labels[context.Layer], head / group, probabilities);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slots.Storage?.Dispose();
        _k.Storage?.Dispose();
        _v.Storage?.Dispose();
    }

    private void LoadKeys(in AttentionContext context, int length)
    {
        if (_length != length)
        {
            Dispose();
            _length = length;
            _slots = backend.Allocate(DType.I32, new TensorShape(length, model.KVHeads));
            _k = backend.Allocate(DType.F32, new TensorShape(length, model.KVHeads, model.HeadDim));
            _v = backend.Allocate(DType.F32, new TensorShape(length, model.KVHeads, model.HeadDim));
            _keys = new float[checked((int)_k.Shape.ElementCount)];
            int[] slots = new int[length * model.KVHeads];
            for (int i = 0; i < slots.Length; i++)
            {
                slots[i] = i / model.KVHeads;
            }

            backend.Upload<int>(slots, _slots);
        }

        backend.GatherKV(context.Cache, context.Layer, _slots, _k, _v);
        backend.Download(_k, _keys);
    }

    private void Attend(ReadOnlySpan<float> query, int kvHead, in AttentionParameters parameters, Span<float> probabilities)
    {
        for (int key = 0; key < probabilities.Length; key++)
        {
            float score = parameters.Scale * TensorPrimitives.Dot(
                query, _keys.AsSpan(((key * model.KVHeads) + kvHead) * model.HeadDim, model.HeadDim));
            score = parameters.SoftCap > 0 ? parameters.SoftCap * MathF.Tanh(score / parameters.SoftCap) : score;
            bool seen = parameters.Window == 0 || key > probabilities.Length - 1 - parameters.Window;
            probabilities[key] = seen ? score : float.NegativeInfinity;
        }

        TensorPrimitives.Subtract(probabilities, TensorPrimitives.Max(probabilities), probabilities);
        TensorPrimitives.Exp(probabilities, probabilities);
        TensorPrimitives.Divide(probabilities, TensorPrimitives.Sum<float>(probabilities), probabilities);
    }

    private void Raise(float[] labels, int kvHead, ReadOnlySpan<float> probabilities)
    {
        for (int token = 0; token < PromptLength; token++)
        {
            ref float label = ref labels[(token * model.KVHeads) + kvHead];
            label = MathF.Max(label, probabilities[token]);
        }
    }
}
