namespace LongContext.Sampling;

/// <summary>What changes single logits before the temperature: first the bias, then the penalties, in place.</summary>
/// <remarks>
/// With <c>r</c>, <c>f</c>, <c>p</c> the repetition, frequency and presence penalties and <c>n</c> how often the token was generated:
/// <c>l = l + bias</c>; then, if the token was seen in prompt or output, <c>l = l &gt; 0 ? l / r : l · r</c>;
/// then <c>l = l − f·n − (n &gt; 0 ? p : 0)</c>.
/// </remarks>
internal sealed class LogitsProcessors
{
    private readonly int[] _biasIds;
    private readonly float[] _biases;
    private readonly float _repetition, _presence, _frequency;
    private readonly TokenHistory? _history;

    /// <summary>Copies what it needs of <paramref name="options"/>, which must have been validated.</summary>
    internal LogitsProcessors(SamplingOptions options, int vocabularySize)
    {
        _biasIds = [.. options.LogitBias.Keys];
        _biases = [.. options.LogitBias.Values];
        (_repetition, _presence, _frequency) = (options.RepetitionPenalty, options.PresencePenalty, options.FrequencyPenalty);
        _history = _repetition != 1 || _presence != 0 || _frequency != 0 ? new TokenHistory(vocabularySize) : null;
    }

    /// <summary>True when nothing would ever be changed.</summary>
    internal bool AreEmpty => _history is null && _biasIds.Length == 0;

    /// <summary>Records tokens of the prompt.</summary>
    internal void AddPrompt(ReadOnlySpan<int> ids) => _history?.AddPrompt(ids);

    /// <summary>Records a generated token.</summary>
    internal void AddGenerated(int id) => _history?.AddGenerated(id);

    /// <summary>Changes a row of logits in place.</summary>
    internal void Apply(Span<float> logits)
    {
        for (int i = 0; i < _biasIds.Length; i++)
        {
            logits[_biasIds[i]] += _biases[i];
        }

        if (_history is null)
        {
            return;
        }

        foreach (int id in _history.SeenIds)
        {
            float logit = logits[id];
            logit = logit > 0 ? logit / _repetition : logit * _repetition;
            int generated = _history.GeneratedCount(id);
            logits[id] = generated > 0 ? logit - (_frequency * generated) - _presence : logit;
        }
    }
}
