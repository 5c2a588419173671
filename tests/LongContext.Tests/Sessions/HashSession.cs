using LongContext.Engine;
using LongContext.KVCache;
using LongContext.Scheduling;
using LongContext.Tests.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext.Tests.Sessions;

/// <summary>A session over the hash model, with a real engine thread.</summary>
internal sealed class HashSession
{
    private const int PageSize = 4;
    private readonly PagedKVCache _cache;

    internal HashSession(
        int contextLength = 400, int pages = 400, int chunk = 16, int concurrent = 8, int queued = 100,
        Func<IReadOnlyList<ChatMessage>, string>? renderChat = null)
    {
        _cache = new PagedKVCache(pages, PageSize, PrefixReuse.Enabled);
        Runner = new HashRunner(pages, PageSize);
        StepLoop loop = new(Runner, _cache, new SchedulerLimits(chunk, concurrent), queued, TimeProvider.System, NullLogger.Instance);
        Session = new InferenceSession(new SessionParts
        {
            Model = new ModelInfo
            {
                Architecture = "hash", ParameterCount = 0, WeightBytes = 0, Layers = 1, HiddenSize = 1, IntermediateSize = 1, QHeads = 1, KVHeads = 1, HeadDim = 1,
                VocabularySize = HashModel.VocabularySize, MaxContextLength = contextLength,
            },
            Tokenizer = new LetterTokenizer(),
            Engine = new InferenceEngine(loop, Runner, NullLogger.Instance),
            ContextLength = contextLength,
            EstimateMemory = length => new MemoryEstimate(0, length, 0),
            RenderChat = renderChat,
        });
    }

    internal HashRunner Runner { get; }

    internal InferenceSession Session { get; }

    /// <summary>Waits until every page is available; false if that does not come about.</summary>
    internal bool AllPagesComeBack() => SpinWait.SpinUntil(() => _cache.AvailablePages == _cache.Capacity, TimeSpan.FromSeconds(10));
}
