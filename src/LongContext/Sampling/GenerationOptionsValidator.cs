namespace LongContext.Sampling;

/// <summary>Checks a request's options, field by field. A pure function: whatever passes cannot harm the sampler or other requests.</summary>
internal static class GenerationOptionsValidator
{
    private const int MaxStopSequences = 64;
    private const int MaxStopLength = 1_024;
    private const int MaxStopTokenIds = 1_024;
    private const int MaxTopLogProbabilities = 100;
    private const float MaxBias = 10_000;

    /// <summary>Checks <paramref name="options"/> and gives a copy whose lists nobody else can change.</summary>
    /// <exception cref="InvalidRequestException">Names the field, its value and what is allowed.</exception>
    internal static GenerationOptions Validate(GenerationOptions options, int vocabularySize)
    {
        GenerationOptions copy = Snapshot(options);
        Require(copy.MaxNewTokens >= 1, "GenerationOptions.MaxNewTokens", copy.MaxNewTokens, "at least 1");
        Require(Enum.IsDefined(copy.EndOfSequence), "GenerationOptions.EndOfSequence", (int)copy.EndOfSequence, "Stop or Ignore");
        if (copy.TopLogProbabilities is int top)
        {
            Require(top is >= 0 and <= MaxTopLogProbabilities, "GenerationOptions.TopLogProbabilities", top, $"null or 0 to {MaxTopLogProbabilities}");
        }

        CheckStops(copy, vocabularySize);
        CheckSampling(copy.Sampling, vocabularySize);
        return copy;
    }

    private static GenerationOptions Snapshot(GenerationOptions options)
    {
        Require(options is not null, "GenerationOptions", null, "given");
        Require(options!.Sampling is not null, "GenerationOptions.Sampling", null, "given");
        Require(options.StopSequences is not null, "GenerationOptions.StopSequences", null, "a list, empty if there are none");
        Require(options.StopTokenIds is not null, "GenerationOptions.StopTokenIds", null, "a list, empty if there are none");
        Require(options.Sampling!.LogitBias is not null, "SamplingOptions.LogitBias", null, "a dictionary, empty if there is none");
        Require(
            options.StopSequences!.Count <= MaxStopSequences, "GenerationOptions.StopSequences", $"{options.StopSequences.Count} texts",
            $"at most {MaxStopSequences} texts");
        Require(
            options.StopTokenIds!.Count <= MaxStopTokenIds, "GenerationOptions.StopTokenIds", $"{options.StopTokenIds.Count} ids",
            $"at most {MaxStopTokenIds} ids");
        return options with
        {
            StopSequences = [.. options.StopSequences],
            StopTokenIds = [.. options.StopTokenIds],
            Sampling = options.Sampling with { LogitBias = new Dictionary<int, float>(options.Sampling.LogitBias!) },
        };
    }

    private static void CheckStops(GenerationOptions options, int vocabularySize)
    {
        for (int i = 0; i < options.StopSequences.Count; i++)
        {
            string stop = options.StopSequences[i];
            string name = $"GenerationOptions.StopSequences[{i}]";
            Require(stop is not null, name, null, "a text");
            Require(stop!.Length is >= 1 and <= MaxStopLength, name, $"{stop.Length} characters long", $"1 to {MaxStopLength} characters long");
            Require(IsWellFormed(stop), name, "malformed", "text without unpaired surrogates");
        }

        for (int i = 0; i < options.StopTokenIds.Count; i++)
        {
            RequireToken(options.StopTokenIds[i], vocabularySize, $"GenerationOptions.StopTokenIds[{i}]");
        }
    }

    private static void CheckSampling(SamplingOptions sampling, int vocabularySize)
    {
        RequireRange(sampling.Temperature, 0, 100, "SamplingOptions.Temperature");
        Require(sampling.TopK >= 0, "SamplingOptions.TopK", sampling.TopK, "at least 0 (0 keeps all tokens)");
        Require(sampling.TopP is > 0 and <= 1, "SamplingOptions.TopP", sampling.TopP, "above 0 and at most 1");
        RequireRange(sampling.MinP, 0, 1, "SamplingOptions.MinP");
        RequireRange(sampling.RepetitionPenalty, 0.01f, 100, "SamplingOptions.RepetitionPenalty");
        RequireRange(sampling.PresencePenalty, -100, 100, "SamplingOptions.PresencePenalty");
        RequireRange(sampling.FrequencyPenalty, -100, 100, "SamplingOptions.FrequencyPenalty");
        Require(
            sampling.LogitBias.Count < vocabularySize || sampling.LogitBias.Values.Any(float.IsFinite) || sampling.LogitBias.Count == 0,
            "SamplingOptions.LogitBias", "−∞ for every token", "such that a token is left to choose");
        foreach ((int id, float bias) in sampling.LogitBias)
        {
            RequireToken(id, vocabularySize, "A token id of SamplingOptions.LogitBias");
            Require(
                bias is (>= -MaxBias and <= MaxBias) or float.NegativeInfinity, $"SamplingOptions.LogitBias[{id}]", bias,
                $"−{MaxBias} to {MaxBias}, or negative infinity to ban the token");
        }
    }

    private static void RequireToken(int id, int vocabularySize, string name) =>
        Require((uint)id < (uint)vocabularySize, name, id, $"a token id, 0 to {vocabularySize - 1}");

    private static void RequireRange(float value, float low, float high, string name) =>
        Require(value >= low && value <= high, name, value, FormattableString.Invariant($"{low} to {high}"));

    private static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }

    private static void Require(bool condition, string parameter, object? value, string allowed)
    {
        if (!condition)
        {
            throw new InvalidRequestException(parameter, value, allowed);
        }
    }
}
