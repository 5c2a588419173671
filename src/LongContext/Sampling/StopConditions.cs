namespace LongContext.Sampling;

/// <summary>Decides when one request's generation ends, and which of its text may be shown. Not thread-safe.</summary>
/// <remarks>
/// For each token: <see cref="OnToken"/>; if that ends nothing, <see cref="OnText"/> with the text the token made certain; if that ends
/// nothing, <see cref="LimitReached"/>. At an end by a token or by the limit, <see cref="Finish"/> gives the text still held back.
/// A token id of <see cref="GenerationOptions.StopTokenIds"/> counts as a stop sequence, and goes before end of sequence.
/// </remarks>
internal sealed class StopConditions
{
    private readonly StopSequenceMatcher _matcher;
    private readonly HashSet<int> _stopIds;
    private readonly HashSet<int> _endIds;
    private readonly int _maxNewTokens;

    /// <summary>The conditions of one request.</summary>
    /// <param name="options">Validated by <see cref="GenerationOptionsValidator"/>.</param>
    /// <param name="endOfSequenceIds">The model's own.</param>
    internal StopConditions(GenerationOptions options, IReadOnlyList<int> endOfSequenceIds)
    {
        _matcher = new StopSequenceMatcher(options.StopSequences);
        _stopIds = [.. options.StopTokenIds];
        _endIds = options.EndOfSequence == EndOfSequenceHandling.Stop ? [.. endOfSequenceIds] : [];
        _maxNewTokens = options.MaxNewTokens;
    }

    /// <summary>Tokens generated so far, the ending one included.</summary>
    internal int GeneratedTokens { get; private set; }

    /// <summary>True when no more tokens may be generated.</summary>
    internal bool LimitReached => GeneratedTokens >= _maxNewTokens;

    /// <summary>Counts a token. A finish reason means that it ends the generation and that its text is not shown.</summary>
    internal FinishReason? OnToken(int tokenId)
    {
        GeneratedTokens++;
        return _stopIds.Contains(tokenId) ? FinishReason.StopSequence
            : _endIds.Contains(tokenId) ? FinishReason.EndOfSequence
            : null;
    }

    /// <summary>Takes text of the last token; gives what may be shown now, and whether a stop sequence is complete.</summary>
    internal (string Emit, bool Stopped) OnText(string text) => _matcher.Append(text);

    /// <summary>Takes the text the detokenizer still held at the end; gives all that may still be shown, and whether a stop sequence is in it.</summary>
    internal (string Emit, bool Stopped) Finish(string remainingText)
    {
        (string emit, bool stopped) = _matcher.Append(remainingText);
        return (stopped ? emit : emit + _matcher.Flush(), stopped);
    }
}
