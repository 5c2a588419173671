using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tokenization;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>Collects what a session needs; <see cref="Build"/> checks all of it and reports every problem at once. Single use, not thread-safe.</summary>
public sealed class InferenceSessionBuilder
{
    private SessionConfiguration _configuration = new();
    private bool _used;

    internal InferenceSessionBuilder()
    {
    }

    /// <summary>The model.</summary>
    /// <param name="path">A Hugging Face folder, or a GGUF file (any one of a split model).</param>
    /// <param name="linkRoot">
    /// Links among the model's files may lead anywhere under this folder, as those of the Hugging Face cache lead to its <c>blobs</c>;
    /// <see langword="null"/>: they must stay in the model's own folder.
    /// </param>
    public InferenceSessionBuilder UseModel(string path, string? linkRoot = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return With(_configuration with { ModelPath = path, LinkRoot = linkRoot });
    }

    /// <summary>Compute on the CPU (the default).</summary>
    /// <param name="threads">0 takes every core that the process may use (its affinity and its container's quota count); more than these only if asked for.</param>
    public InferenceSessionBuilder UseCpu(int threads = 0) => UseCpu(threads, CorePinning.None);

    /// <summary>Compute on the CPU, with a say in where the threads run.</summary>
    /// <param name="threads">As in <see cref="UseCpu(int)"/>.</param>
    /// <param name="pinning">Whether each thread stays on a core; then there may not be more threads than cores.</param>
    public InferenceSessionBuilder UseCpu(int threads, CorePinning pinning) =>
        With(_configuration with { Threads = threads, Pinning = pinning, CreateBackend = null });

    /// <summary>Compute on another backend; the session disposes it.</summary>
    public InferenceSessionBuilder UseBackend(Func<IBackend> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return With(_configuration with { CreateBackend = create });
    }

    /// <summary>The longest prompt plus output in tokens, at most the model's; default the smallest of the model's, 32,768 and <see cref="UseKVCacheTokens"/>.</summary>
    public InferenceSessionBuilder UseContextLength(int tokens) => With(_configuration with { ContextLength = tokens });

    /// <summary>Tokens the KV cache holds over all requests; default the context length, and at least that.</summary>
    public InferenceSessionBuilder UseKVCacheTokens(long tokens) => With(_configuration with { KVCacheTokens = tokens });

    /// <summary>Element type of the KV cache; default <see cref="KVCacheType.BFloat16"/>.</summary>
    public InferenceSessionBuilder UseKVCacheType(KVCacheType type) => With(_configuration with { KVCacheType = type });

    /// <summary>
    /// Most prompt tokens prefilled in one step, over all ranks together. 1 to 16,384 for each rank. Default 512 on one rank; over ranks the
    /// context length, so that a prompt is one piece, at most 16,384 for each rank.
    /// </summary>
    public InferenceSessionBuilder UseChunkSize(int tokens) => With(_configuration with { ChunkSize = tokens });

    /// <summary>Arithmetic; default <see cref="ModelPrecision.Auto"/>.</summary>
    /// <remarks>
    /// The CPU rounds only on AMD processors with AVX512-BF16, on Linux: there <see cref="ModelPrecision.Auto"/> multiplies BF16 and quantised
    /// weights as bfloat16, and in attention over a BF16 cache queries by keys and weights by values. Everywhere else, and for F32 and F16
    /// weights and an F32 cache, both values compute every product and sum in F32.
    /// </remarks>
    public InferenceSessionBuilder UsePrecision(ModelPrecision precision) => With(_configuration with { Precision = precision });

    /// <summary>Who attends to what; default <see cref="AttentionMethod.Full"/>.</summary>
    /// <param name="method">The method. Approximate ones read contexts for which they do not pay with full attention; see <see cref="TokenUsage.Attention"/>.</param>
    /// <param name="options">For approximate methods; <see langword="null"/> means the papers' values for each context length.</param>
    /// <remarks>
    /// What an approximate method leaves in the cache depends on the query, so prompts that begin alike share nothing then. Such contexts are read one
    /// at a time; answers to others go on meanwhile. Models with sliding windows are refused.
    /// </remarks>
    public InferenceSessionBuilder UseAttention(AttentionMethod method, ApproximateAttentionOptions? options = null) =>
        With(_configuration with { Attention = method, Approximation = options ?? new ApproximateAttentionOptions() });

    /// <summary>How decoding works over ranks; default <see cref="ShardedDecodeOptions.Default"/>.</summary>
    public InferenceSessionBuilder UseShardedDecode(ShardedDecodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return With(_configuration with { Decode = options });
    }

    /// <summary>Compute on several ranks that are threads of this process and share its cores and the weights; default 1.</summary>
    /// <param name="hosts">1 to 256; more than one take a method over ranks, see <see cref="UseAttention"/>.</param>
    public InferenceSessionBuilder UseHosts(int hosts) => With(_configuration with { Hosts = hosts });

    /// <summary>Compute on the ranks of a communicator: rank 0 calls <see cref="Build"/>, every other rank <see cref="BuildWorker"/>, all with the same options.</summary>
    /// <param name="communicator">This process's end; the session or worker disposes it.</param>
    public InferenceSessionBuilder UseCommunicator(ICommunicator communicator)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        return With(_configuration with { Communicator = communicator });
    }

    /// <summary>Whether pages of a finished or running request's prompt serve later prompts that begin alike; default <see cref="PrefixReuse.Enabled"/>; over ranks nothing is reused.</summary>
    public InferenceSessionBuilder UsePrefixReuse(PrefixReuse reuse) => With(_configuration with { PrefixReuse = reuse });

    /// <summary>A tokenizer in place of the model's own.</summary>
    public InferenceSessionBuilder UseTokenizer(ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return With(_configuration with { Tokenizer = tokenizer });
    }

    /// <summary>Most requests computed together; default 64. 1 to 1,024.</summary>
    public InferenceSessionBuilder UseMaxConcurrentRequests(int requests) => With(_configuration with { MaxConcurrentRequests = requests });

    /// <summary>Most requests waiting beside those computed; more are refused with <see cref="SessionOverloadedException"/>. Default 256.</summary>
    public InferenceSessionBuilder UseMaxQueuedRequests(int requests) => With(_configuration with { MaxQueuedRequests = requests });

    /// <summary>Whether <see cref="Build"/> computes a little so that the first request need not wait for the compiler; default <see cref="WarmUp.AtBuild"/>.</summary>
    public InferenceSessionBuilder UseWarmUp(WarmUp warmUp) => With(_configuration with { WarmUp = warmUp });

    /// <summary>Where log messages go; default nowhere.</summary>
    public InferenceSessionBuilder UseLogger(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        return With(_configuration with { LoggerFactory = loggerFactory });
    }

    /// <summary>The clock for timings; default the system's.</summary>
    public InferenceSessionBuilder UseTimeProvider(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        return With(_configuration with { Clock = timeProvider });
    }

    /// <summary>Records what every rank computes and moves, layer by layer, and writes it when the session is disposed; default nothing.</summary>
    /// <param name="path">
    /// A file of Chrome's trace format, for chrome://tracing or ui.perfetto.dev. Rank n of a communicator between processes writes
    /// <c>path.rankn</c> beside it. Each rank keeps its last 262,144 events (10 MB).
    /// </param>
    public InferenceSessionBuilder UseTrace(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return With(_configuration with { TracePath = path });
    }

    /// <summary>Records what each rank does; for tests.</summary>
    /// <param name="create">Makes a rank's timeline; called once for each rank of this process.</param>
    internal InferenceSessionBuilder UseTimeline(Func<int, StepTimeline> create) => With(_configuration with { Timeline = create });

    /// <summary>Computes all rows of the last layer too, which nobody reads; for measurements that take one layer for any.</summary>
    internal InferenceSessionBuilder UseAllRowsOfTheLastLayer() => With(_configuration with { AllRowsOfTheLastLayer = true });

    /// <summary>What a session of <paramref name="contextLength"/> tokens on the CPU would need, from the model's headers alone; allocates nothing.</summary>
    /// <param name="contextLength">Tokens, at least 1; may be more than the model's.</param>
    /// <exception cref="ConfigurationException">No model was named, or an option is out of range.</exception>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind not implemented.</exception>
    public MemoryEstimate EstimateMemory(int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        return SessionFactory.Estimate(_configuration, contextLength);
    }

    /// <summary>What the model is, from its headers alone; loads nothing.</summary>
    /// <exception cref="ConfigurationException">No model was named, or an option is out of range.</exception>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind not implemented.</exception>
    public ModelInfo Inspect() => SessionFactory.Inspect(_configuration);

    /// <summary>Loads the model and starts the engine.</summary>
    /// <exception cref="ConfigurationException">Something does not fit; lists everything found.</exception>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind not implemented.</exception>
    /// <exception cref="InvalidOperationException">This builder has built a session already.</exception>
    public InferenceSession Build() => SessionFactory.Create(Use(), progress: null, CancellationToken.None);

    /// <summary>Loads the model for a rank other than 0 of <see cref="UseCommunicator"/>; errors as <see cref="Build"/>.</summary>
    /// <returns>Call its Run: it computes this rank's share until rank 0's session is disposed.</returns>
    public InferenceWorker BuildWorker() => RankFactory.CreateWorker(Use() with { IsWorker = true }, CancellationToken.None);

    /// <summary>Loads the model on a thread of its own and starts the engine; errors as <see cref="Build"/>.</summary>
    /// <param name="progress">Told of loaded bytes, on the loading thread.</param>
    /// <param name="cancellationToken">Stops the loading; what was loaded is freed.</param>
    public Task<InferenceSession> BuildAsync(IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        SessionConfiguration configuration = Use();
        TaskCompletionSource<InferenceSession> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                result.SetResult(SessionFactory.Create(configuration, progress, cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                result.SetCanceled(cancellationToken);
            }
            catch (Exception e) // all of them belong to the caller
            {
                result.SetException(e);
            }
        }) { Name = "LongContext loader", IsBackground = true }.Start();
        return result.Task;
    }

    private InferenceSessionBuilder With(SessionConfiguration configuration)
    {
        _configuration = configuration;
        return this;
    }

    private SessionConfiguration Use()
    {
        if (_used)
        {
            throw new InvalidOperationException("A builder builds one session. Create another with InferenceSession.CreateBuilder.");
        }

        _used = true;
        return _configuration;
    }
}
