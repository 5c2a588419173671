using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LongContext.Extensions.AI;

/// <summary>An <see cref="IChatClient"/> over an <see cref="InferenceSession"/>: the model's own chat template, streaming, usage. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Understood of <see cref="ChatOptions"/>: Instructions (a system message before all others), Temperature, TopK, TopP, MaxOutputTokens,
/// StopSequences, Seed, PresencePenalty, FrequencyPenalty; and RawRepresentationFactory, which may return a <see cref="GenerationOptions"/>
/// to start from (min-p, repetition penalty, logit bias). What an option leaves null comes from there, else from the client's defaults.
/// </para>
/// <para>
/// Refused with <see cref="InvalidRequestException"/>: tools, response formats other than text, ConversationId, and message contents other
/// than text. Everything else is ignored: ModelId (a session has one model), Reasoning, AdditionalProperties.
/// </para>
/// </remarks>
public sealed class LongContextChatClient : IChatClient
{
    private readonly InferenceSession _session;
    private readonly GenerationOptions _defaults;

    /// <summary>A client over <paramref name="session"/>, which stays the caller's to dispose.</summary>
    /// <param name="session">Generates.</param>
    /// <param name="defaults">What holds where a request's options say nothing; null means <see cref="GenerationOptions.Default"/>.</param>
    public LongContextChatClient(InferenceSession session, GenerationOptions? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        (_session, _defaults) = (session, defaults ?? GenerationOptions.Default);
    }

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        GenerationOptions generation = OptionsMapping.Map(options, this, _defaults);
        GenerationResult result = await _session
            .GenerateChatAsync(MessageMapping.Map(messages, options?.Instructions), generation, cancellationToken)
            .ConfigureAwait(false);
        string id = NewId();
        return new ChatResponse(new Microsoft.Extensions.AI.ChatMessage(ChatRole.Assistant, result.Text) { MessageId = id })
        {
            ResponseId = id,
            ModelId = _session.Model.Architecture,
            CreatedAt = TimeProvider.System.GetUtcNow(),
            FinishReason = ResultMapping.Map(result.FinishReason),
            Usage = ResultMapping.Map(result.Usage),
            RawRepresentation = result,
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        GenerationOptions generation = OptionsMapping.Map(options, this, _defaults);
        IReadOnlyList<ChatMessage> conversation = MessageMapping.Map(messages, options?.Instructions);
        string id = NewId();
        DateTimeOffset created = TimeProvider.System.GetUtcNow();
        await foreach (GenerationUpdate update in _session.StreamChatAsync(conversation, generation, cancellationToken).ConfigureAwait(false))
        {
            ChatResponseUpdate piece = new(ChatRole.Assistant, update.Text)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = _session.Model.Architecture,
                CreatedAt = created,
                RawRepresentation = update,
            };
            if (update.FinishReason is { } reason)
            {
                piece.FinishReason = ResultMapping.Map(reason);
            }

            if (update.Usage is { } usage)
            {
                piece.Contents.Add(new UsageContent(ResultMapping.Map(usage)));
            }

            yield return piece;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Gives out <see cref="ChatClientMetadata"/>, the <see cref="InferenceSession"/>, and itself.</remarks>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
        {
            return null;
        }

        return serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("longcontext", null, _session.Model.Architecture)
            : serviceType == typeof(InferenceSession) ? _session
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the session is the caller's.</summary>
    public void Dispose()
    {
    }

    private static string NewId() => Guid.NewGuid().ToString("N");
}
