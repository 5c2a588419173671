using LongContext.Tokenization;

namespace LongContext;

/// <summary>A loaded model, ready to generate. Thread-safe: concurrent requests share one continuous batch.</summary>
/// <remarks>Dispose it once; requests that run then end with <see cref="ObjectDisposedException"/>.</remarks>
public sealed class InferenceSession : IAsyncDisposable, IDisposable
{
    private InferenceSession()
    {
    }

    /// <summary>What the model is.</summary>
    public ModelInfo Model => throw new NotSupportedException();

    /// <summary>The model's tokenizer.</summary>
    public ITokenizer Tokenizer => throw new NotSupportedException();

    /// <summary>The longest prompt plus output, in tokens.</summary>
    public int ContextLength => throw new NotSupportedException();

    /// <summary>Starts a session's configuration.</summary>
    public static InferenceSessionBuilder CreateBuilder() => new();

    /// <summary>Generates text for <paramref name="prompt"/> and yields it as it is decoded.</summary>
    public IAsyncEnumerable<GenerationUpdate> StreamAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Generates text for <paramref name="prompt"/> and returns all of it.</summary>
    public Task<GenerationResult> GenerateAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Renders a conversation with the model's chat template, ready for the assistant's answer, and streams that answer.</summary>
    public IAsyncEnumerable<GenerationUpdate> StreamChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Like <see cref="StreamChatAsync"/>, all at once.</summary>
    public Task<GenerationResult> GenerateChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>The conversation as the model's chat template writes it, up to where the assistant's answer begins.</summary>
    public Prompt RenderChat(IReadOnlyList<ChatMessage> messages) => throw new NotSupportedException();

    /// <summary>The model's next-token logits after the prompt's positions, not yet normalised.</summary>
    /// <returns>One array of <see cref="ModelInfo.VocabularySize"/> numbers for each position asked for.</returns>
    public Task<IReadOnlyList<float[]>> ComputeLogitsAsync(
        Prompt prompt, LogitPositions positions = LogitPositions.Last, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Tokens of <paramref name="prompt"/> as it would be submitted, special tokens included.</summary>
    public int CountTokens(Prompt prompt) => throw new NotSupportedException();

    /// <summary>What a session of this model with another context length would need.</summary>
    public MemoryEstimate EstimateMemory(int contextLength) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
