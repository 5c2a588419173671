using LongContext.Attention;
using LongContext.KVCache;

namespace LongContext.Scheduling;

/// <summary>One request's tokens, counts and pages. Knows no text, no sampling and no consumer.</summary>
internal sealed class Sequence
{
    private readonly int _maxLength;
    private int[] _tokens;
    private volatile bool _cancellationRequested;

    /// <summary>A sequence that waits.</summary>
    /// <param name="arrival">Its place in the order of arrival; unique.</param>
    /// <param name="prompt">Prompt ids, at least one; copied.</param>
    /// <param name="maxNewTokens">Most tokens to append; 0 when only logits are wanted.</param>
    /// <param name="logits">For which prompt positions logits are wanted.</param>
    /// <param name="contextLength">Leading prompt ids that are the context, the rest being the query; null: all of them.</param>
    internal Sequence(
        long arrival, ReadOnlySpan<int> prompt, int maxNewTokens, LogitPositions logits = LogitPositions.Last, int? contextLength = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(prompt.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(maxNewTokens);
        (Arrival, PromptLength, Length, Logits) = (arrival, prompt.Length, prompt.Length, logits);
        ContextLength = contextLength ?? prompt.Length;
        MaxCachedTokens = checked(prompt.Length + Math.Max(maxNewTokens, 1) - 1);
        _maxLength = checked(prompt.Length + maxNewTokens);
        _tokens = prompt.ToArray();
    }

    /// <summary>A sequence that wants the logits from which each token of a known continuation would be sampled.</summary>
    /// <param name="arrival">Its place in the order of arrival; unique.</param>
    /// <param name="prompt">Prompt ids, at least one; copied.</param>
    /// <param name="continuation">What follows the prompt, at least one id; treated as if it had been generated.</param>
    /// <param name="contextLength">Leading prompt ids that are the context.</param>
    /// <param name="attention">How the prompt is read.</param>
    /// <param name="selection">Where it is written down which keys are passed on; null: nobody asks.</param>
    /// <param name="recall">What is told of exact attention's weights; null: nobody asks.</param>
    internal static Sequence Scoring(
        long arrival, ReadOnlySpan<int> prompt, ReadOnlySpan<int> continuation, int contextLength, AttentionMethod attention,
        KeySelection? selection = null, KeyRecallMeter? recall = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(continuation.Length);
        Sequence sequence = new(arrival, prompt, continuation.Length, LogitPositions.All, contextLength)
        {
            DeliveredLogits = prompt.Length - 1,
            Attention = attention,
            Selection = selection,
            Recall = recall,
        };
        sequence._tokens = [.. prompt, .. continuation[..^1]]; // the last one's logits come of those before it
        sequence.Length = sequence._tokens.Length;
        return sequence;
    }

    /// <summary>Place in the order of arrival.</summary>
    internal long Arrival { get; }

    /// <summary>Prompt tokens.</summary>
    internal int PromptLength { get; }

    /// <summary>Of the prompt's tokens, the leading ones that are its context; the others are its query.</summary>
    internal int ContextLength { get; }

    /// <summary>What its context is read with. Of sequences with an approximate method one is read at a time.</summary>
    internal AttentionMethod Attention { get; init; }

    /// <summary>Where it is written down which keys its reading passes on, if somebody asks.</summary>
    internal KeySelection? Selection { get; init; }

    /// <summary>What is told of exact attention's weights, if somebody asks.</summary>
    internal KeyRecallMeter? Recall { get; init; }

    /// <summary>Tokens known: the prompt and what was appended.</summary>
    internal int Length { get; private set; }

    /// <summary>Most tokens the cache will ever hold of it: the last new token is never fed back.</summary>
    internal int MaxCachedTokens { get; }

    /// <summary>For which prompt positions logits are wanted.</summary>
    internal LogitPositions Logits { get; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    internal int ComputedTokens { get; set; }

    /// <summary>Of the prompt's tokens, those found in the cache when it first started.</summary>
    internal int CachedTokens { get; set; }

    /// <summary>With <see cref="LogitPositions.All"/>, the position whose logits are due next: those before were handed out already, or are not wanted.</summary>
    internal int DeliveredLogits { get; set; }

    /// <summary>Tokens to compute before the next one can be sampled: 1 in decoding, more in prefill.</summary>
    internal int PendingTokens => Length - ComputedTokens;

    /// <summary>Times its pages were taken away.</summary>
    internal int Preemptions { get; set; }

    /// <summary>Its consumer is behind: it takes part in no step.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>Its request shall end: computing on is in vain.</summary>
    internal bool IsCancellationRequested => _cancellationRequested;

    /// <summary>Where it is in its life.</summary>
    internal SequenceState State { get; set; }

    /// <summary>Tokens it may compute in the step being scheduled.</summary>
    internal int Allotment { get; set; }

    /// <summary>Its pages.</summary>
    internal PageTable Pages { get; } = new();

    /// <summary>The token ids.</summary>
    internal ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>The token ids, for those who keep them during a step.</summary>
    internal ReadOnlyMemory<int> TokenMemory => _tokens.AsMemory(0, Length);

    /// <summary>Its request shall end. Thread-safe.</summary>
    internal void RequestCancellation() => _cancellationRequested = true;

    /// <summary>Makes room for all it may ever have, so that no later step has to. Called when it starts: while it waits it takes only its prompt.</summary>
    internal void ReserveFullLength(int pages)
    {
        Pages.Reserve(pages);
        if (_tokens.Length < _maxLength)
        {
            Array.Resize(ref _tokens, _maxLength);
        }
    }

    /// <summary>Adds a new token.</summary>
    /// <exception cref="InvalidOperationException">It has not started, or has all it may have.</exception>
    internal void Append(int token)
    {
        if (Length == _tokens.Length)
        {
            throw new InvalidOperationException($"There is no room for token {Length} of at most {_maxLength}; has the sequence started?");
        }

        _tokens[Length++] = token;
    }
}
