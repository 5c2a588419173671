namespace LongContext.Accuracy;

/// <summary>One method at one length.</summary>
/// <param name="Method">The row.</param>
/// <param name="Length">N.</param>
internal sealed record Result(MethodCase Method, int Length)
{
    private readonly SortedDictionary<string, (int Right, int All)> _scores = new(StringComparer.Ordinal);
    private readonly List<double> _seconds = [];

    /// <summary>Median time to the first token.</summary>
    internal double Seconds => _seconds.Count == 0 ? 0 : _seconds.Order().ElementAt(_seconds.Count / 2);

    /// <summary>Kinds of questions asked.</summary>
    internal IEnumerable<string> Kinds => _scores.Keys;

    /// <summary>Right and all answers of a kind.</summary>
    internal (int Right, int All) this[string kind] => _scores.GetValueOrDefault(kind);

    internal void Add(string kind, bool right, TimeSpan time)
    {
        (int before, int all) = this[kind];
        _scores[kind] = (before + (right ? 1 : 0), all + 1);
        _seconds.Add(time.TotalSeconds);
    }
}
