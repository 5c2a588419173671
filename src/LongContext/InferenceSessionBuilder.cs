using LongContext.Backends;
using LongContext.Tokenization;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>Collects what a session needs; <see cref="Build"/> checks all of it and reports every problem at once. Single use, not thread-safe.</summary>
public sealed class InferenceSessionBuilder
{
    internal InferenceSessionBuilder()
    {
    }

    /// <summary>The model: a Hugging Face folder, or a GGUF file (the first one of a split model).</summary>
    public InferenceSessionBuilder UseModel(string path) => throw new NotSupportedException();

    /// <summary>Compute on the CPU (the default). <paramref name="threads"/>: 0 takes every core.</summary>
    public InferenceSessionBuilder UseCpu(int threads = 0) => throw new NotSupportedException();

    /// <summary>Compute on another backend; the session disposes it.</summary>
    public InferenceSessionBuilder UseBackend(Func<IBackend> create) => throw new NotSupportedException();

    /// <summary>The longest prompt plus output in tokens; default the smaller of the model's and 32,768.</summary>
    public InferenceSessionBuilder UseContextLength(int tokens) => throw new NotSupportedException();

    /// <summary>Tokens the KV cache holds over all requests; default the context length.</summary>
    public InferenceSessionBuilder UseKVCacheTokens(long tokens) => throw new NotSupportedException();

    /// <summary>Element type of the KV cache; default <see cref="KVCacheType.BFloat16"/>.</summary>
    public InferenceSessionBuilder UseKVCacheType(KVCacheType type) => throw new NotSupportedException();

    /// <summary>Most prompt tokens prefilled in one step; default 512. 1 to 16,384.</summary>
    public InferenceSessionBuilder UseChunkSize(int tokens) => throw new NotSupportedException();

    /// <summary>Arithmetic; default <see cref="ModelPrecision.Auto"/>.</summary>
    public InferenceSessionBuilder UsePrecision(ModelPrecision precision) => throw new NotSupportedException();

    /// <summary>Who attends to what; default <see cref="AttentionMethod.Full"/>.</summary>
    public InferenceSessionBuilder UseAttention(AttentionMethod method) => throw new NotSupportedException();

    /// <summary>Whether pages of a finished or running request's prompt serve later prompts that begin alike; default <see cref="PrefixReuse.Enabled"/>.</summary>
    public InferenceSessionBuilder UsePrefixReuse(PrefixReuse reuse) => throw new NotSupportedException();

    /// <summary>A tokenizer in place of the model's own.</summary>
    public InferenceSessionBuilder UseTokenizer(ITokenizer tokenizer) => throw new NotSupportedException();

    /// <summary>Most requests computed together; default 64.</summary>
    public InferenceSessionBuilder UseMaxConcurrentRequests(int requests) => throw new NotSupportedException();

    /// <summary>Most requests waiting; more are refused with <see cref="SessionOverloadedException"/>. Default 256.</summary>
    public InferenceSessionBuilder UseMaxQueuedRequests(int requests) => throw new NotSupportedException();

    /// <summary>Where log messages go; default nowhere.</summary>
    public InferenceSessionBuilder UseLogger(ILoggerFactory loggerFactory) => throw new NotSupportedException();

    /// <summary>The clock for timings; default the system's.</summary>
    public InferenceSessionBuilder UseTimeProvider(TimeProvider timeProvider) => throw new NotSupportedException();

    /// <summary>What a session of <paramref name="contextLength"/> tokens would need, from the model's headers alone; allocates nothing.</summary>
    public MemoryEstimate EstimateMemory(int contextLength) => throw new NotSupportedException();

    /// <summary>Loads the model and starts the engine.</summary>
    /// <exception cref="ConfigurationException">Something does not fit; lists everything found.</exception>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind not implemented.</exception>
    public InferenceSession Build() => throw new NotSupportedException();

    /// <summary>Loads the model on a thread of its own and starts the engine; errors as <see cref="Build"/>.</summary>
    public Task<InferenceSession> BuildAsync(IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
