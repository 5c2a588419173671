using System.Text;

namespace LongContext;

/// <summary>Joins a stream's updates into one result.</summary>
internal sealed class ResultCollector
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokenIds = [];
    private readonly List<IReadOnlyList<TokenLogProbability>> _logProbabilities = [];
    private GenerationUpdate? _last;

    internal void Add(GenerationUpdate update)
    {
        _text.Append(update.Text);
        _tokenIds.AddRange(update.TokenIds);
        _logProbabilities.AddRange(update.LogProbabilities);
        _last = update;
    }

    /// <summary>The result, when the last update was added.</summary>
    internal GenerationResult ToResult() => _last is { FinishReason: { } reason, Usage: { } usage }
        ? new GenerationResult(_text.ToString(), _tokenIds, _logProbabilities, reason, usage)
        : throw new InvalidOperationException("The stream ended without a finish reason.");
}
