using System.Threading.Channels;
using LongContext.Diagnostics;
using LongContext.Sampling;
using LongContext.Scheduling;
using LongContext.Tokenization;

namespace LongContext.Engine;

/// <summary>A request for text: samples, decodes, looks for the end, and writes updates to a bounded channel.</summary>
/// <remarks>A full channel pauses the sequence; reading from it wakes the engine. Nothing is ever dropped.</remarks>
internal sealed class GenerationRequest : EngineRequest
{
    private const int MaxUnreadUpdates = 64;

    private readonly Channel<GenerationUpdate> _updates = Channel.CreateBounded<GenerationUpdate>(
        new BoundedChannelOptions(MaxUnreadUpdates) { SingleReader = true, SingleWriter = true });

    private readonly GenerationOptions _options;
    private readonly Sampler _sampler;
    private readonly StopConditions _stops;
    private readonly IDetokenizer _detokenizer;
    private readonly int _decodableIds;
    private readonly SharedUpdates _shared;
    private readonly TimeProvider _clock;
    private readonly long _submitted;
    private readonly PrefillMeter _meter = new();
    private long? _lastChunk;
    private int _prefillDone;
    private TimeSpan _timeToFirstToken;
    private bool _paused;

    /// <summary>A request whose time starts now.</summary>
    /// <param name="sequence">Its tokens.</param>
    /// <param name="options">Validated.</param>
    /// <param name="tokenizer">Decodes the new tokens; names the end-of-sequence tokens.</param>
    /// <param name="vocabularySize">Logits in a row.</param>
    /// <param name="shared">The engine's.</param>
    /// <param name="clock">For the timings.</param>
    internal GenerationRequest(
        Sequence sequence, GenerationOptions options, ITokenizer tokenizer, int vocabularySize, SharedUpdates shared, TimeProvider clock)
        : base(sequence)
    {
        (_options, _shared, _clock) = (options, shared, clock);
        _submitted = clock.GetTimestamp();
        _sampler = new Sampler(options.Sampling, vocabularySize);
        _sampler.AddPromptTokens(sequence.Tokens);
        _stops = new StopConditions(options, tokenizer.SpecialTokens.EndOfSequence);
        _detokenizer = tokenizer.CreateDetokenizer(DecodeOptions.SkipSpecialTokens);
        _decodableIds = tokenizer.VocabularySize;
    }

    /// <summary>Where the consumer reads; ends with the request's error, if it has one.</summary>
    internal ChannelReader<GenerationUpdate> Updates => _updates.Reader;

    /// <summary>True when a read makes a paused sequence run again: then the engine must be woken.</summary>
    internal bool IsPaused => Volatile.Read(ref _paused);

    /// <inheritdoc/>
    internal override bool ConsumerKeepsUp
    {
        get
        {
            if (_updates.Reader.Count < MaxUnreadUpdates)
            {
                Volatile.Write(ref _paused, false);
                return true;
            }

            // A reader may empty the channel between the look and the flag: set the flag first, then look again.
            Volatile.Write(ref _paused, true);
            Interlocked.MemoryBarrier();
            return _updates.Reader.Count < MaxUnreadUpdates;
        }
    }

    /// <inheritdoc/>
    internal override void OnComputed(in ScheduledChunk chunk, long stepStarted)
    {
        if (_stops.GeneratedTokens > 0)
        {
            return; // the tokens of a preempted sequence are computed again
        }

        long now = _clock.GetTimestamp();
        _meter.Add(chunk.Start, chunk.End, _clock.GetElapsedTime(_lastChunk ?? stepStarted, now));
        _lastChunk = now;
        if (chunk.End > _prefillDone)
        {
            _prefillDone = chunk.End;
            int total = Sequence.PromptLength;
            _options.PrefillProgress?.Report(
                new PrefillProgress(chunk.End, total, _clock.GetElapsedTime(_submitted, now), _meter.Estimate(chunk.End, total)));
        }
    }

    /// <inheritdoc/>
    internal override bool Accept(Span<float> logits)
    {
        SampledToken token = _sampler.Sample(logits, _options.TopLogProbabilities);
        Sequence.Append(token.TokenId);
        FinishReason? reason = _stops.OnToken(token.TokenId);
        string text = "";
        if (reason is null)
        {
            // Ids past the tokenizer's vocabulary pad the model's output matrix and have no text.
            (text, bool stopped) = _stops.OnText(token.TokenId < _decodableIds ? _detokenizer.Append(token.TokenId) : "");
            reason = stopped ? FinishReason.StopSequence : _stops.LimitReached ? FinishReason.Length : null;
        }

        if (reason is not null)
        {
            (string rest, bool stopped) = _stops.Finish(_detokenizer.Flush());
            text += rest;
            reason = stopped ? FinishReason.StopSequence : reason;
        }

        if (_stops.GeneratedTokens == 1)
        {
            _timeToFirstToken = _clock.GetElapsedTime(_submitted);
            Telemetry.TimeToFirstToken.Record(_timeToFirstToken.TotalSeconds);
        }

        Write(token, text, reason);
        return reason is not null;
    }

    /// <inheritdoc/>
    protected override void OnEnded(Exception? error) => _updates.Writer.TryComplete(error);

    private void Write(in SampledToken token, string text, FinishReason? reason)
    {
        // The first token may lack the space that its vocabulary puts before it: one of a kind.
        GenerationUpdate update = reason is null && _options.TopLogProbabilities is null && _stops.GeneratedTokens > 1
            ? _shared.Of(token.TokenId, text)
            : new GenerationUpdate
            {
                Text = text,
                TokenIds = [token.TokenId],
                LogProbabilities = _options.TopLogProbabilities is null ? [] : [token.LogProbabilities],
                FinishReason = reason,
                Usage = reason is null ? null : new TokenUsage(
                    Sequence.PromptLength, Sequence.CachedTokens, _stops.GeneratedTokens, _timeToFirstToken, _clock.GetElapsedTime(_submitted))
                {
                    Attention = Sequence.Attention,
                },
            };
        if (!_updates.Writer.TryWrite(update))
        {
            throw new InvalidOperationException("A paused sequence took part in a step.");
        }
    }
}
