namespace LongContext.Accuracy;

/// <summary>One method at one length.</summary>
/// <param name="Method">The row.</param>
/// <param name="Length">N.</param>
internal sealed record Result(MethodCase Method, int Length)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (double Sum, int All)> _scores = new(StringComparer.Ordinal);
    private readonly List<double> _seconds = [];

    /// <summary>Median time to the first token, of prompts that were read from their beginning.</summary>
    internal double Seconds => _seconds.Count == 0 ? 0 : _seconds.Order().ElementAt(_seconds.Count / 2);

    /// <summary>Why there is no score, if there is none.</summary>
    internal string? Problem { get; init; }

    /// <summary>Kinds of questions asked.</summary>
    internal IEnumerable<string> Kinds => _scores.Keys;

    /// <summary>Sum of the scores, and answers, of a kind.</summary>
    internal (double Sum, int All) this[string kind] => _scores.GetValueOrDefault(kind);

    /// <summary>Adds an answer. Thread-safe.</summary>
    internal void Add(string kind, double score, TokenUsage usage)
    {
        lock (_gate)
        {
            (double sum, int all) = this[kind];
            _scores[kind] = (sum + score, all + 1);
            if (usage.CachedTokens == 0)
            {
                _seconds.Add(usage.TimeToFirstToken.TotalSeconds);
            }
        }
    }
}
