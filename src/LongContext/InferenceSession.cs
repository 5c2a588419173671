using LongContext.Attention;
using LongContext.Engine;
using LongContext.Sampling;
using LongContext.Scheduling;
using LongContext.Tokenization;

namespace LongContext;

/// <summary>A loaded model, ready to generate. Thread-safe: concurrent requests share one continuous batch.</summary>
/// <remarks>Dispose it once; requests that run then end with <see cref="ObjectDisposedException"/>.</remarks>
public sealed class InferenceSession : IAsyncDisposable, IDisposable
{
    private readonly SessionParts _parts;
    private readonly PromptEncoder _encoder;
    private readonly SharedUpdates _updates;
    private long _arrivals;
    private volatile bool _disposed;

    internal InferenceSession(SessionParts parts)
    {
        _parts = parts;
        _encoder = new PromptEncoder(parts.Tokenizer, parts.Model.VocabularySize);
        _updates = new SharedUpdates(parts.Model.VocabularySize);
    }

    /// <summary>What the model is.</summary>
    public ModelInfo Model => _parts.Model;

    /// <summary>The model's tokenizer.</summary>
    public ITokenizer Tokenizer => _parts.Tokenizer;

    /// <summary>The longest prompt plus output, in tokens.</summary>
    public int ContextLength => _parts.ContextLength;

    /// <summary>Starts a session's configuration.</summary>
    public static InferenceSessionBuilder CreateBuilder() => new();

    /// <summary>Generates text for <paramref name="prompt"/> and yields it as it is decoded.</summary>
    /// <param name="prompt">Text or token ids; no chat template is applied.</param>
    /// <param name="options">Sampling and limits; <see langword="null"/> means greedy, at most 256 new tokens.</param>
    /// <param name="cancellationToken">Stops this request within one step and frees its KV-cache pages.</param>
    /// <returns>One update per token, in order; the last carries the finish reason and the usage in tokens.</returns>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    /// <remarks>
    /// Generation starts at enumeration, with the encoding of the prompt on the thread that enumerates; ending the enumeration early
    /// cancels. A reader that falls behind pauses its own request and no other. Enumerating throws
    /// <see cref="InvalidRequestException"/>, <see cref="ContextLengthExceededException"/>, <see cref="SessionOverloadedException"/>,
    /// <see cref="EngineFaultedException"/> or <see cref="OperationCanceledException"/>.
    /// </remarks>
    public IAsyncEnumerable<GenerationUpdate> StreamAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new GenerationStream(_parts.Engine, token => CreateRequest(prompt, options ?? GenerationOptions.Default, token), cancellationToken);
    }

    /// <summary>Generates text for <paramref name="prompt"/> and returns all of it.</summary>
    /// <inheritdoc cref="StreamAsync" path="//param|//exception"/>
    public async Task<GenerationResult> GenerateAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ResultCollector result = new();
        await foreach (GenerationUpdate update in StreamAsync(prompt, options, cancellationToken).ConfigureAwait(false))
        {
            result.Add(update);
        }

        return result.ToResult();
    }

    /// <summary>Renders a conversation with the model's chat template, ready for the assistant's answer, and streams that answer.</summary>
    /// <param name="messages">The conversation so far.</param>
    /// <param name="options">As in <see cref="StreamAsync"/>.</param>
    /// <param name="cancellationToken">As in <see cref="StreamAsync"/>.</param>
    /// <exception cref="ChatTemplateException">The model has no chat template, or it refuses the conversation.</exception>
    public IAsyncEnumerable<GenerationUpdate> StreamChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        StreamAsync(RenderChat(messages), options, cancellationToken);

    /// <summary>Like <see cref="StreamChatAsync"/>, all at once.</summary>
    /// <inheritdoc cref="StreamChatAsync" path="//param|//exception"/>
    public async Task<GenerationResult> GenerateChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        await GenerateAsync(RenderChat(messages), options, cancellationToken).ConfigureAwait(false);

    /// <summary>The conversation as the model's chat template writes it, up to where the assistant's answer begins.</summary>
    /// <param name="messages">The conversation; at least one message.</param>
    /// <returns>A prompt whose special tokens are the template's: none are added when it is encoded.</returns>
    /// <exception cref="ChatTemplateException">The model has no chat template, or it refuses the conversation.</exception>
    public Prompt RenderChat(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (_parts.RenderChat is not { } render)
        {
            throw new ChatTemplateException("the model has none. Write the conversation out as the model expects it and use StreamAsync.");
        }

        return messages.Count > 0
            ? new Prompt(render(messages)) { HasSpecialTokens = true }
            : throw new InvalidRequestException("The conversation", "empty", "at least one message long");
    }

    /// <summary>The model's next-token logits after the prompt's positions, not yet normalised.</summary>
    /// <param name="prompt">Text or token ids.</param>
    /// <param name="positions">Every position takes 4 bytes for each token of the vocabulary.</param>
    /// <param name="cancellationToken">Stops the request within one step.</param>
    /// <returns>One array of <see cref="ModelInfo.VocabularySize"/> numbers for each position asked for.</returns>
    /// <exception cref="InvalidRequestException">The prompt is empty or has unknown ids, or the result would take more than half the memory.</exception>
    /// <exception cref="ContextLengthExceededException">The prompt exceeds the session's context.</exception>
    public async Task<IReadOnlyList<float[]>> ComputeLogitsAsync(
        Prompt prompt, LogitPositions positions = LogitPositions.Last, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        (int[] ids, int contextLength) = _encoder.Encode(prompt, cancellationToken);
        ThrowIfTooLong(ids.Length, 0);
        ThrowIfTooLarge(positions == LogitPositions.All ? ids.Length : 1);
        return await ComputeAsync(
            new Sequence(Interlocked.Increment(ref _arrivals), ids, 0, positions, contextLength) { Attention = _parts.MethodFor(contextLength, ids.Length) },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The logits from which each token of a known continuation would be sampled: for scoring texts and comparing sessions.</summary>
    /// <param name="prompt">Text or token ids.</param>
    /// <param name="continuation">Token ids that follow the prompt; at least one. They count as generated: no method looks ahead at them.</param>
    /// <param name="cancellationToken">Stops the request within one step.</param>
    /// <returns>One array of <see cref="ModelInfo.VocabularySize"/> numbers for each token of the continuation: the first follows the prompt alone.</returns>
    /// <exception cref="InvalidRequestException">Prompt or continuation is empty or has unknown ids, or the result would take more than half the memory.</exception>
    /// <exception cref="ContextLengthExceededException">Prompt and continuation exceed the session's context.</exception>
    public Task<IReadOnlyList<float[]>> ComputeLogitsAsync(
        Prompt prompt, IReadOnlyList<int> continuation, CancellationToken cancellationToken = default) =>
        ComputeLogitsAsync(prompt, continuation, null, null, cancellationToken);

    /// <summary>The same, with a look at what attention does meanwhile.</summary>
    /// <param name="prompt">Text or token ids.</param>
    /// <param name="continuation">Token ids that follow the prompt.</param>
    /// <param name="selection">Told which keys an approximate method passes on; null: nobody asks.</param>
    /// <param name="recall">Told of exact attention's weights; null: nobody asks.</param>
    /// <param name="cancellationToken">Stops the request within one step.</param>
    internal async Task<IReadOnlyList<float[]>> ComputeLogitsAsync(
        Prompt prompt, IReadOnlyList<int> continuation, KeySelection? selection, KeyRecallMeter? recall, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        ObjectDisposedException.ThrowIf(_disposed, this);
        (int[] ids, int contextLength) = _encoder.Encode(prompt, cancellationToken);
        int[] following = _encoder.Check([.. continuation], "The continuation");
        ThrowIfTooLong(ids.Length, following.Length);
        ThrowIfTooLarge(following.Length);
        return await ComputeAsync(
            Sequence.Scoring(
                Interlocked.Increment(ref _arrivals), ids, following, contextLength, _parts.MethodFor(contextLength, ids.Length), selection, recall),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells how far another session of the same model is from this one on a prompt: for judging approximate attention.</summary>
    /// <param name="other">A session of the same model, with the attention method in question.</param>
    /// <param name="prompt">What both read. With a query, if the method wants one.</param>
    /// <param name="continuationTokens">Tokens that this session generates greedily; both are asked for their distributions before each of them. 1 to 4,096.</param>
    /// <param name="cancellationToken">Stops within one step.</param>
    /// <remarks>
    /// Both read the prompt twice, first to generate and then for the distributions; the second time this session, if its attention is full and on
    /// one rank, also measures which keys its attention looks at (<see cref="AttentionComparison.KeyRecalls"/>). Times mean something when nothing else runs.
    /// </remarks>
    /// <exception cref="ArgumentException">The sessions' vocabularies differ.</exception>
    public Task<AttentionComparison> CompareAttentionAsync(
        InferenceSession other, Prompt prompt, int continuationTokens = 32, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfLessThan(continuationTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(continuationTokens, 4_096);
        return SessionComparer.CompareAsync(this, other, prompt, continuationTokens, cancellationToken);
    }

    /// <summary>Tokens of <paramref name="prompt"/> as it would be submitted, special tokens included.</summary>
    /// <exception cref="InvalidRequestException">The prompt is empty, or an id is not in the vocabulary.</exception>
    public int CountTokens(Prompt prompt) => _encoder.Encode(prompt, CancellationToken.None).Ids.Length;

    /// <summary>What a session of this model with another context length would need.</summary>
    /// <param name="contextLength">Tokens; at least 1.</param>
    public MemoryEstimate EstimateMemory(int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        return _parts.EstimateMemory(contextLength);
    }

    /// <summary>Ends all requests after the step that runs, waits for it, and frees the model.</summary>
    public void Dispose()
    {
        _disposed = true;
        _parts.Engine.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return _parts.Engine.DisposeAsync();
    }

    private async Task<IReadOnlyList<float[]>> ComputeAsync(Sequence sequence, CancellationToken cancellationToken)
    {
        LogitsRequest request = new(sequence);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => _parts.Engine.Cancel(request), null);
        _parts.Engine.Submit(request);
        try
        {
            return await request.Result.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private GenerationRequest CreateRequest(Prompt prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GenerationOptions validated = GenerationOptionsValidator.Validate(options, Model.VocabularySize);
        (int[] ids, int contextLength) = _encoder.Encode(prompt, cancellationToken);
        ThrowIfTooLong(ids.Length, validated.MaxNewTokens);
        Sequence sequence = new(Interlocked.Increment(ref _arrivals), ids, validated.MaxNewTokens, contextLength: contextLength)
        {
            Attention = _parts.MethodFor(contextLength, ids.Length),
        };
        return new GenerationRequest(sequence, validated, Tokenizer, Model.VocabularySize, _updates, _parts.Clock);
    }

    private void ThrowIfTooLong(int promptTokens, int maxNewTokens)
    {
        if ((long)promptTokens + maxNewTokens > ContextLength)
        {
            throw new ContextLengthExceededException(promptTokens, maxNewTokens, ContextLength);
        }
    }

    private void ThrowIfTooLarge(int rows)
    {
        long bytes = (long)rows * Model.VocabularySize * sizeof(float);
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        if (rows > 1 && bytes > limit)
        {
            throw new InvalidRequestException("The logits of all positions", $"{bytes} bytes", $"at most {limit} bytes: ask for fewer positions");
        }
    }
}
