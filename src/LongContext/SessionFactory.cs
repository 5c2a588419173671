using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Diagnostics;
using LongContext.Engine;
using LongContext.KVCache;
using LongContext.Loading;
using LongContext.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext;

/// <summary>Makes a session of a configuration: reads headers, checks everything, then loads.</summary>
internal static class SessionFactory
{
    /// <summary>After this much time a warm-up begins nothing new; on an idle machine all of it takes a tenth.</summary>
    internal static readonly TimeSpan WarmUpLimit = TimeSpan.FromSeconds(1);

    /// <summary>Memory of a session, from headers alone.</summary>
    internal static MemoryEstimate Estimate(SessionConfiguration configuration, int contextLength)
    {
        ThrowIfAny(configuration.FindProblems());
        using ModelFiles files = ModelDirectory.Open(configuration.ModelPath!, configuration.LinkRoot);
        return new SessionSizes(configuration, CausalLM.ReadConfig(files), CausalLM.ReadInfo(files).WeightBytes).Estimate(contextLength);
    }

    /// <summary>What the model is, from headers alone.</summary>
    internal static ModelInfo Inspect(SessionConfiguration configuration)
    {
        ThrowIfAny(configuration.FindProblems());
        using ModelFiles files = ModelDirectory.Open(configuration.ModelPath!, configuration.LinkRoot);
        return CausalLM.ReadInfo(files);
    }

    /// <summary>Checks and loads.</summary>
    internal static InferenceSession Create(
        SessionConfiguration configuration, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        using OwnedParts owned = new();
        (ModelFiles files, SessionSizes sizes) = Open(configuration, owned);
        IDisposable last = owned.Add(SessionTrace.Attach(ref configuration, files));
        cancellationToken.ThrowIfCancellationRequested();
        ModelTokenizer text = ModelTokenizer.Open(files, configuration.Tokenizer, configuration.Clock);
        cancellationToken.ThrowIfCancellationRequested();
        if (sizes.OverRanks)
        {
            RankFactory ranks = new(configuration, sizes, files, last, owned);
            (IModelRunner ranked, CausalLM first, IBackend firstBackend) = ranks.CreateRunner(progress, cancellationToken);
            return Start(configuration, sizes, files.Path, first, ranked, firstBackend, text, owned);
        }

        IBackend backend = owned.Add(configuration.CreateBackend?.Invoke() ?? CreateCpu(configuration));
        IAttentionMethod method = AttentionMethods.Create(
            configuration.Attention, sizes.Approximation, sizes.AttentionModel, backend, sizes.KVCache(sizes.ContextLength),
            sizes.ScratchPages(sizes.ContextLength), sizes.Limits.ChunkSize);
        method = TimedAttention.Around(method, configuration.Timeline?.Invoke(0));
        _ = method is IDisposable disposable ? owned.Add(disposable) : null;
        CausalLM model = owned.Add(CausalLM.Load(
            files, backend, method, sizes.ContextLength, sizes.Limits.MaxTokens,
            sizes.Limits.MaxOutputs, progress, cancellationToken));
        model.AllRowsOfTheLastLayer = configuration.AllRowsOfTheLastLayer;
        KVCacheStorage storage = owned.Add(Allocate(backend, sizes.KVCache(sizes.ContextLength)));
        if (configuration.WarmUp == WarmUp.AtBuild && method is FullAttention) // others remember sequences: a warm-up's is none
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.WarmUp(storage, TimeProvider.System, WarmUpLimit);
        }

        return Start(configuration, sizes, files.Path, model, new ModelRunner(model, method, backend, storage, last), backend, text, owned);
    }

    /// <summary>Opens the model and checks everything that can be before anything is loaded.</summary>
    /// <exception cref="ConfigurationException">Something does not fit; lists everything found.</exception>
    internal static (ModelFiles Files, SessionSizes Sizes) Open(SessionConfiguration configuration, OwnedParts owned)
    {
        List<string> problems = configuration.FindProblems();
        if (configuration.ModelPath is null || !Path.Exists(configuration.ModelPath))
        {
            ThrowIfAny(problems);
        }

        ModelFiles files = owned.Add(ModelDirectory.Open(configuration.ModelPath!, configuration.LinkRoot));
        ModelInfo info = CausalLM.ReadInfo(files);
        SessionSizes sizes = new(configuration, CausalLM.ReadConfig(files), info.WeightBytes);
        sizes.FindProblems(problems, configuration.CreateBackend is null ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : null);
        ThrowIfAny(problems);
        return (files, sizes);
    }

    private static InferenceSession Start(
        SessionConfiguration configuration, SessionSizes sizes, string path, CausalLM model, IModelRunner runner, IBackend backend,
        ModelTokenizer text, OwnedParts owned)
    {
        ILogger logger = configuration.LoggerFactory?.CreateLogger("LongContext") is { } receiver ? new QuietLogger(receiver) : NullLogger.Instance;
        (int pages, int pageSize) = sizes.SchedulerPages(sizes.ContextLength);
        PrefixReuse reuse = configuration.Attention == AttentionMethod.Full ? configuration.PrefixReuse : PrefixReuse.Disabled;
        PagedKVCache cache = new(pages, pageSize, reuse);
        StepLoop loop = new(runner, cache, sizes.Limits, configuration.MaxQueuedRequests, configuration.Clock, logger);
        InferenceEngine engine = new(loop, runner, logger, backend is Backends.Cpu.CpuBackend cpu ? cpu.EngineThreadStarts : null);
        owned.HandOver(); // the engine's thread disposes them
        Log.ModelLoaded(
            logger, model.Info.Architecture, model.Info.ParameterCount, path, backend.Info.Device, sizes.ContextLength, pages, pageSize);
        return new InferenceSession(new SessionParts
        {
            Model = model.Info,
            Tokenizer = text.Tokenizer,
            Engine = engine,
            ContextLength = sizes.ContextLength,
            EstimateMemory = sizes.Estimate,
            RenderChat = text.RenderChat,
            Clock = configuration.Clock,
            MethodFor = MethodFor(configuration, sizes, logger),
        });
    }

    private static Func<int, int, AttentionMethod> MethodFor(SessionConfiguration configuration, SessionSizes sizes, ILogger logger)
    {
        if (!AttentionMethods.IsApproximate(configuration.Attention))
        {
            return (_, _) => configuration.Attention;
        }

        ApproximateReading reading = new(
            configuration.Attention, sizes.Approximation, sizes.AttentionModel, SessionConfiguration.PageSize, configuration.Ranks);
        return (contextLength, promptLength) =>
        {
            AttentionMethod method = reading.MethodFor(contextLength, promptLength);
            if (method != configuration.Attention)
            {
                Log.ReadExactly(logger, promptLength, configuration.Attention.ToString());
            }

            return method;
        };
    }

    private static Backends.Cpu.CpuBackend CreateCpu(SessionConfiguration configuration) =>
        new(configuration.Threads, configuration.Precision, configuration.Pinning);

    /// <summary>Allocates, or says what to change.</summary>
    internal static KVCacheStorage Allocate(IBackend backend, KVCacheShape shape)
    {
        try
        {
            return backend.AllocateKVCache(shape);
        }
        catch (OutOfMemoryException)
        {
            throw new ConfigurationException(
            [
                $"The KV cache of {(long)shape.Pages * shape.PageSize} tokens needs {backend.KVCacheByteCount(shape)} bytes, which cannot be had. " +
                "Lower UseContextLength or UseKVCacheTokens, or use KVCacheType.BFloat16 or Q8_0.",
            ]);
        }
    }

    private static void ThrowIfAny(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }
}
