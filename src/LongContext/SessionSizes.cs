using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Models;
using LongContext.Scheduling;
using LongContext.Tensors;

namespace LongContext;

/// <summary>How large everything in a session is, from its configuration and the model's headers. Allocates nothing.</summary>
/// <remarks>Options that are out of range count as the nearest that is not, so that what else is wrong can be told with them.</remarks>
internal sealed class SessionSizes
{
    private const int DefaultContextLength = 32_768;
    private const int BookkeepingBytesPerPage = 48;

    private readonly SessionConfiguration _configuration;
    private readonly ModelConfig _model;
    private readonly long _weightBytes;

    internal SessionSizes(SessionConfiguration configuration, ModelConfig model, long weightBytes)
    {
        (_configuration, _model, _weightBytes) = (configuration, model, weightBytes);
        long most = Math.Min(Math.Min(model.MaxContextLength, DefaultContextLength), configuration.KVCacheTokens ?? long.MaxValue);
        ContextLength = configuration.ContextLength ?? (int)most;
        Limits = new SchedulerLimits(
            Math.Clamp(configuration.ChunkSize, 1, SessionConfiguration.MaxChunk),
            Math.Clamp(configuration.MaxConcurrentRequests, 1, SessionConfiguration.MaxRequests));
    }

    /// <summary>The longest prompt plus output.</summary>
    internal int ContextLength { get; }

    /// <summary>The size of a step.</summary>
    internal SchedulerLimits Limits { get; }

    /// <summary>Pages, the cache's last ones, that the attention method keeps for itself.</summary>
    internal int ScratchPages(int contextLength) => _configuration.Attention == AttentionMethod.Full ? 0
        : PrefillGeometry.ScratchPages(_configuration.Attention, _configuration.Approximation, contextLength, SessionConfiguration.PageSize);

    /// <summary>What attention methods know of the model.</summary>
    internal AttentionModel AttentionModel => new(
        _model.Layers, _model.HiddenSize, _model.IntermediateSize, _model.QHeads, _model.KVHeads, _model.HeadDim, _model.Activation,
        _model.RotaryLayout);

    /// <summary>The KV cache for a context of <paramref name="contextLength"/> tokens: its pages, one more, and those of the attention method.</summary>
    internal KVCacheShape KVCache(int contextLength)
    {
        long tokens = Math.Max(contextLength, Math.Min(_configuration.KVCacheTokens ?? 0, SessionConfiguration.MaxTokens));
        int pages = checked((int)((tokens + SessionConfiguration.PageSize - 1) / SessionConfiguration.PageSize) + 1 + ScratchPages(contextLength));
        DType type = _configuration.KVCacheType == KVCacheType.Float32 ? DType.F32 : DType.BF16;
        return new KVCacheShape(_model.Layers, pages, SessionConfiguration.PageSize, _model.KVHeads, _model.HeadDim, type);
    }

    /// <summary>What a session with a context of <paramref name="contextLength"/> tokens needs in host memory.</summary>
    internal MemoryEstimate Estimate(int contextLength)
    {
        KVCacheShape cache = KVCache(contextLength);
        long keysAndValues = checked(2L * cache.KVHeads * cache.HeadDim * BlockFormat.Of(cache.Type).BytesPerBlock);
        long logits = checked((long)Limits.MaxOutputs * _model.VocabularySize * sizeof(float)); // the engine's copy
        long scores = _configuration.Attention == AttentionMethod.Apb
            ? sizeof(float) * (long)cache.Layers * cache.KVHeads * ContextBlocks.Cut(contextLength, _configuration.Approximation.Hosts, cache.PageSize).BlockLength
            : 0;
        long bookkeeping = cache.Pages * ((long)BookkeepingBytesPerPage + (cache.PageSize * sizeof(int)));
        return new MemoryEstimate(
            _weightBytes,
            checked(keysAndValues * cache.Layers * cache.Pages * cache.PageSize),
            checked(CausalLM.ActivationByteCount(_model, Limits.MaxTokens, Limits.MaxOutputs) + logits + scores + bookkeeping));
    }

    /// <summary>Adds what does not fit this model or this machine.</summary>
    /// <param name="problems">One sentence each.</param>
    /// <param name="memory">Bytes the process may use; null when the memory is not this machine's.</param>
    internal void FindProblems(List<string> problems, long? memory)
    {
        if (ContextLength > _model.MaxContextLength)
        {
            problems.Add($"UseContextLength({ContextLength}): the model was made for at most {_model.MaxContextLength} tokens.");
        }

        if (_configuration.Attention != AttentionMethod.Full && _model.LayerWindows.Any(window => window > 0))
        {
            problems.Add($"UseAttention({_configuration.Attention}): the model has layers with a sliding window; use AttentionMethod.Full.");
        }

        if (ContextLength >= 1 && memory is { } bytes && Estimate(ContextLength) is var need && need.KVCacheBytes + need.ActivationBytes > bytes)
        {
            problems.Add(
                $"A context of {ContextLength} tokens needs {need.KVCacheBytes} bytes for the KV cache and {need.ActivationBytes} for a step, " +
                $"but the process may use {bytes}. Lower UseContextLength or UseKVCacheTokens, or use KVCacheType.BFloat16.");
        }
    }
}
