using System.Numerics.Tensors;
using LongContext.Attention;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;

namespace LongContext.Training;

/// <summary>Trains one retaining head a layer: the model reads a prompt and what follows for the labels, then the prompt again for the gradient.</summary>
/// <remarks>The prompt is read twice so that no layer's features need be kept. Knows samples as ids; knows no text.</remarks>
internal sealed class HeadTraining : IDisposable
{
    private const int Chunk = 512, PageSize = 64;
    private const double KeptShare = 0.1;

    private readonly RetainingHeadTrainingOptions _options;
    private readonly AttentionModel _sizes;
    private readonly CpuBackend _backend;
    private readonly HeadObserver _observer;
    private readonly CausalLM _model;
    private readonly int _contextLength;
    private readonly AttentionBatch _batch = new() { PageSize = PageSize };
    private readonly float[][] _scores;
    private KVCacheStorage? _cache;
    private double _loss;
    private int _row;

    /// <summary>Loads the model and makes random heads.</summary>
    internal HeadTraining(ModelFiles files, RetainingHeadTrainingOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        _options = options;
        ModelConfig config = CausalLM.ReadConfig(files);
        _sizes = new AttentionModel(
            config.Layers, config.HiddenSize, config.IntermediateSize, config.QHeads, config.KVHeads, config.HeadDim, config.Activation, config.RotaryLayout);
        _contextLength = config.MaxContextLength;
        _backend = new CpuBackend(options.Threads);
        try
        {
            _observer = new HeadObserver(_backend, _sizes) { RowsSeen = Accumulate };
            _model = CausalLM.Load(files, _backend, _observer, _contextLength, Chunk, 1, progress, cancellationToken);
            Random random = new(options.Seed);
            Heads = [.. Enumerable.Range(0, config.Layers).Select(_ => new HeadNetwork(
                _backend, config.Activation, _observer.Features, options.Width, config.KVHeads, random))];
            _scores = new float[config.Layers][];
        }
        catch
        {
            _model?.Dispose();
            _backend.Dispose();
            throw;
        }
    }

    /// <summary>The heads, layer by layer.</summary>
    internal IReadOnlyList<HeadNetwork> Heads { get; }

    /// <summary>The sizes of what is trained, for messages and states.</summary>
    internal string Description => $"{_sizes}, width {_options.Width}, steps {_options.Steps}, seed {_options.Seed}";

    /// <summary>Does one step.</summary>
    /// <param name="step">Its number, from 0.</param>
    /// <param name="sample">What is learnt from.</param>
    /// <returns>Loss, and the share of attention that the heads would keep.</returns>
    internal (double Loss, double Recall) Step(int step, RetainingHeadSample sample)
    {
        int[] prompt = [.. sample.Prompt.Skip(Math.Max(0, sample.Prompt.Count - _options.MaxPromptTokens))];
        int longest = sample.Continuations.Max(c => c.Count);
        if ((long)prompt.Length + longest > _contextLength)
        {
            throw new ContextLengthExceededException(prompt.Length, longest, _contextLength);
        }

        Reserve(prompt.Length + longest);
        _observer.Labels.Begin(prompt.Length);
        Read(prompt, 0, ObservationStage.Fill);
        foreach (IReadOnlyList<int> continuation in sample.Continuations)
        {
            Read([.. continuation], prompt.Length, ObservationStage.Labels);
        }

        for (int layer = 0; layer < Heads.Count; layer++)
        {
            Heads[layer].Begin();
            _scores[layer] = new float[prompt.Length * _sizes.KVHeads];
        }

        _loss = 0;
        Read(prompt, 0, ObservationStage.Gradient);
        Learn(step);
        return (_loss, Recall(prompt.Length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HeadNetwork head in Heads)
        {
            head.Dispose();
        }

        _observer.Labels.Dispose();
        _cache?.Dispose();
        _model.Dispose();
        _backend.Dispose();
    }

    /// <summary>Learning rate of a step: up linearly, then down linearly.</summary>
    internal static double RateOf(int step, RetainingHeadTrainingOptions options) => options.LearningRate * (step < options.WarmUpSteps
        ? (step + 1.0) / options.WarmUpSteps
        : (options.Steps - step) / Math.Max(1.0, options.Steps - options.WarmUpSteps));

    private void Reserve(int tokens)
    {
        int pages = (tokens + PageSize - 1) / PageSize;
        if (_cache is null || _cache.Shape.Pages < pages)
        {
            _cache?.Dispose();
            _cache = _backend.AllocateKVCache(new KVCacheShape(_sizes.Layers, pages, PageSize, _sizes.KVHeads, _sizes.HeadDim, DType.F32));
        }
    }

    /// <summary>Runs ids through the model; slot i holds token i.</summary>
    private void Read(int[] ids, int start, ObservationStage stage)
    {
        _observer.Stage = stage;
        for (int done = 0; done < ids.Length; done += Chunk)
        {
            (_row, _observer.Labels.FirstRow) = (done, done);
            int count = Math.Min(Chunk, ids.Length - done);
            int length = start + done + count;
            _batch.Clear();
            _batch.AddSequence([.. Enumerable.Range(0, (length + PageSize - 1) / PageSize)], length, count);
            StepInput input = new()
            {
                TokenIds = ids.AsSpan(done, count),
                Positions = [.. Enumerable.Range(start + done, count)],
                OutputRows = [],
                Batch = _batch,
            };
            _model.Forward(input, _cache!, []);
        }
    }

    private void Accumulate(int layer, float[] features, int rows)
    {
        int heads = _sizes.KVHeads;
        int total = _observer.Labels.PromptLength;
        double perElement = 1.0 / ((double)total * heads * _sizes.Layers);
        double perPair = _options.SmoothnessWeight / (Math.Max(1.0, total - 1) * heads);
        _loss += Heads[layer].Accumulate(
            features.AsSpan(0, rows * _observer.Features), rows, _observer.Labels.Of(layer).AsSpan(_row * heads, rows * heads), perElement, perPair,
            _scores[layer].AsSpan(_row * heads, rows * heads));
    }

    private void Learn(int step)
    {
        double norm = Math.Sqrt(Heads.Sum(h =>
            (double)TensorPrimitives.SumOfSquares<float>(h.FirstGradient) + TensorPrimitives.SumOfSquares<float>(h.SecondGradient)));
        double scale = _options.Clipping == GradientClipping.Norm && norm > _options.GradientClip ? _options.GradientClip / norm : 1;
        double rate = RateOf(step, _options);
        foreach (HeadNetwork head in Heads)
        {
            Clip(head.FirstGradient, (float)scale);
            Clip(head.SecondGradient, (float)scale);
            head.FirstOptimizer.Update(head.First, head.FirstGradient, rate, _options.WeightDecay, step + 1);
            head.SecondOptimizer.Update(head.Second, head.SecondGradient, rate, _options.WeightDecay, step + 1);
        }
    }

    private void Clip(float[] gradient, float scale)
    {
        if (_options.Clipping == GradientClipping.Value)
        {
            TensorPrimitives.Clamp(gradient, -_options.GradientClip, _options.GradientClip, gradient);
        }
        else if (scale < 1)
        {
            TensorPrimitives.Multiply(gradient, scale, gradient);
        }
    }

    /// <summary>Labels of the tokens that the heads score highest, against the highest labels there are; a tenth of the tokens each.</summary>
    private double Recall(int tokens)
    {
        int heads = _sizes.KVHeads;
        int kept = Math.Max(1, (int)(tokens * KeptShare));
        double found = 0, best = 0;
        for (int layer = 0; layer < Heads.Count; layer++)
        {
            for (int head = 0; head < heads; head++)
            {
                float[] labels = Column(_observer.Labels.Of(layer), head, heads);
                float[] scores = Column(_scores[layer], head, heads);
                best += labels.OrderDescending().Take(kept).Sum(x => (double)x);
                Array.Sort(scores, labels);
                found += labels.TakeLast(kept).Sum(x => (double)x);
            }
        }

        return best > 0 ? found / best : 1;
    }

    private static float[] Column(float[] matrix, int column, int columns)
    {
        float[] result = new float[matrix.Length / columns];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = matrix[(i * columns) + column];
        }

        return result;
    }
}
