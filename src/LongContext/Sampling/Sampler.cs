using System.Runtime.CompilerServices;

namespace LongContext.Sampling;

/// <summary>Chooses one request's next tokens from rows of logits. Not thread-safe; knows nothing of text or of other requests.</summary>
/// <remarks>
/// The order: log-probabilities are taken; logit bias; repetition, frequency and presence penalties; temperature; top-k; top-p of what
/// top-k kept; min-p; one random number picks. Temperature 0 takes the greatest logit after bias and penalties, the lowest id among equals.
/// After the first tokens nothing is allocated, save the log-probabilities asked for.
/// </remarks>
internal sealed class Sampler
{
    private readonly int _vocabularySize;
    private readonly LogitsProcessors _processors;
    private readonly float _temperature, _minP;
    private readonly int _topK;
    private readonly double _topP;
    private readonly RadixCut? _cut;
    private RandomSource _random;
    private float[] _modelLogits = [];

    /// <summary>A sampler of one request.</summary>
    /// <param name="options">Validated by <see cref="GenerationOptionsValidator"/>.</param>
    /// <param name="vocabularySize">Logits in a row.</param>
    internal Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _vocabularySize = vocabularySize;
        _processors = new LogitsProcessors(options, vocabularySize);
        (_temperature, _topK, _topP, _minP) = (options.Temperature, options.TopK, options.TopP, options.MinP);
        _cut = _topK > 0 || _topP < 1 ? new RadixCut() : null;
        _random = new RandomSource(options.Seed);
    }

    /// <summary>Tells the penalties what the prompt holds; may be called for one piece after the other.</summary>
    internal void AddPromptTokens(ReadOnlySpan<int> ids) => _processors.AddPrompt(ids);

    /// <summary>Chooses the next token, and counts it for the penalties.</summary>
    /// <param name="logits">[vocabularySize], one row; overwritten.</param>
    /// <param name="topLogProbabilities">How many likeliest tokens to report beside the chosen one; null reports nothing.</param>
    /// <exception cref="InvalidLogitsException">A logit is NaN or +∞, or all are −∞.</exception>
    internal SampledToken Sample(Span<float> logits, int? topLogProbabilities)
    {
        if (logits.Length != _vocabularySize)
        {
            throw new ArgumentException($"The row has {logits.Length} logits, the vocabulary {_vocabularySize} tokens.", nameof(logits));
        }

        float max = FiniteMaximum(logits);
        if (topLogProbabilities is not null)
        {
            if (_modelLogits.Length == 0)
            {
                _modelLogits = new float[_vocabularySize];
            }

            logits.CopyTo(_modelLogits);
        }

        if (!_processors.AreEmpty)
        {
            _processors.Apply(logits);
            max = FiniteMaximum(logits);
        }

        int chosen = _temperature > 0 ? Draw(logits, max) : logits.IndexOf(max);
        _processors.AddGenerated(chosen);
        return new SampledToken(
            chosen, topLogProbabilities is int top ? LogProbabilities.Of(_modelLogits, chosen, top) : []);
    }

    private int Draw(Span<float> logits, float max)
    {
        if (_topK > 0)
        {
            _cut!.KeepCount(logits, _topK);
        }

        // Weights relative to the likeliest token, whose weight is exactly 1; dropped tokens weigh 0.
        Span<float> weights = logits;
        LogitRow.Weigh(weights, max, _temperature);
        _cut?.KeepMass(weights, _topP);
        return Pick(weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Pick(ReadOnlySpan<float> weights)
    {
        double total = 0;
        foreach (float weight in weights)
        {
            total += weight >= _minP ? weight : 0;
        }

        double left = _random.NextUnit() * total;
        int last = 0;
        for (int id = 0; id < weights.Length; id++)
        {
            float weight = weights[id];
            if (weight > 0 && weight >= _minP)
            {
                last = id;
                left -= weight;
                if (left < 0)
                {
                    break;
                }
            }
        }

        return last; // rounding may leave a crumb: then it is the last token kept
    }

    private static float FiniteMaximum(ReadOnlySpan<float> logits)
    {
        float max = LogitRow.Max(logits); // NaN if any is NaN
        if (float.IsFinite(max))
        {
            return max;
        }

        int fault = 0;
        while (fault < logits.Length - 1 && !(float.IsNaN(logits[fault]) || (logits[fault] == max && max > 0)))
        {
            fault++;
        }

        fault = float.IsNegativeInfinity(max) ? 0 : fault;
        throw new InvalidLogitsException(fault, logits[fault], logits.Length);
    }
}
