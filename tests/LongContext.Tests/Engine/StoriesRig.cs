using System.Text.Json;
using LongContext.Attention;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Engine;
using LongContext.KVCache;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Sampling;
using LongContext.Scheduling;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext.Tests.Engine;

/// <summary>A trained model, the CPU backend and the step loop, without a thread of their own: what a session does, step by step.</summary>
internal sealed class StoriesRig : IDisposable
{
    private const int PageSize = 64;
    private const int Pages = 64;

    private readonly ModelFiles _files;
    private readonly SharedUpdates _updates;
    private long _arrivals;

    internal StoriesRig(int threads, ModelPrecision precision)
    {
        _files = ModelDirectory.Open(SharedData.Require("models/stories260K"));
        CpuBackend backend = new(threads, precision);
        SchedulerLimits limits = new(ChunkSize: 64, MaxSequences: 16);
        FullAttention method = new();
        CausalLM model = CausalLM.Load(_files, backend, method, 512, limits.MaxTokens, limits.MaxOutputs, null, CancellationToken.None);
        ModelConfig c = model.Config;
        KVCacheStorage storage = backend.AllocateKVCache(new KVCacheShape(c.Layers, Pages, PageSize, c.KVHeads, c.HeadDim, DType.BF16));
        Runner = new MeteredRunner(new ModelRunner(model, method, backend, storage, _files));
        Loop = new StepLoop(
            Runner, new PagedKVCache(Pages, PageSize, PrefixReuse.Disabled), limits, 100, TimeProvider.System, NullLogger.Instance);
        Tokenizer = TokenizerReader.Load(_files);
        _updates = new SharedUpdates(model.Config.VocabularySize);
    }

    internal MeteredRunner Runner { get; }

    internal StepLoop Loop { get; }

    internal ITokenizer Tokenizer { get; }

    /// <summary>The recorded story's ids.</summary>
    internal static int[] Story()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("models/stories260K/golden.json")));
        return [.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
    }

    internal GenerationRequest Request(ReadOnlySpan<int> prompt, GenerationOptions options)
    {
        GenerationOptions valid = GenerationOptionsValidator.Validate(options, Runner.VocabularySize);
        return new GenerationRequest(
            new Sequence(++_arrivals, prompt, options.MaxNewTokens), valid, Tokenizer, Runner.VocabularySize, _updates, TimeProvider.System);
    }

    public void Dispose() => Runner.Dispose();
}
