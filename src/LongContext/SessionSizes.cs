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
    private const int DefaultChunk = 512;
    private const int BookkeepingBytesPerPage = 48;

    private readonly SessionConfiguration _configuration;
    private readonly ModelConfig _model;
    private readonly long _weightBytes;

    internal SessionSizes(SessionConfiguration configuration, ModelConfig model, long weightBytes)
    {
        (_configuration, _model, _weightBytes) = (configuration, model, weightBytes);
        ApproximateAttentionOptions o = configuration.Approximation;
        Approximation = o with
        {
            Hosts = Math.Clamp(
                o.Hosts ?? (configuration.OverRanks ? BlockPlacement.DefaultBlocks(configuration.Ranks) : PrefillGeometry.BlocksOf(o)), 1, SessionConfiguration.MaxHosts),
            AnchorLength = o.AnchorLength is { } anchor ? Math.Max(anchor, 0) : null,
            PassingLength = o.PassingLength is { } passing ? Math.Max(passing, 0) : null,
        };
        long most = Math.Min(Math.Min(model.MaxContextLength, DefaultContextLength), configuration.KVCacheTokens ?? long.MaxValue);
        ContextLength = configuration.ContextLength ?? (int)most;
        OverRanks = configuration.OverRanks;
        int requests = Math.Clamp(configuration.MaxConcurrentRequests, 1, SessionConfiguration.MaxRequests);
        int mostChunk = SessionConfiguration.MaxChunk * _configuration.Ranks;
        int chunk = configuration.ChunkSize ?? (OverRanks ? Math.Min(ContextLength, mostChunk) : DefaultChunk);
        Limits = new SchedulerLimits(Math.Clamp(chunk, 1, mostChunk), requests, OverRanks ? requests : int.MaxValue);
    }

    /// <summary>Whether steps are divided among ranks, if only one.</summary>
    internal bool OverRanks { get; }

    /// <summary>Most rows that one rank computes in a step.</summary>
    internal int RankRows => OverRanks ? Math.Max(ExactRows, BlockRows) : Limits.MaxTokens;

    /// <summary>Most rows that one rank computes where the method is exact.</summary>
    private int ExactRows => Attention.SequenceParallel.RankRows.MostRows(Limits.ChunkSize, Limits.MaxSequences, _configuration.Ranks);

    /// <summary>Most rows of one rank in a pass over a context in blocks: the anchor and its blocks, as far as they are in a step.</summary>
    private int BlockRows => !AttentionMethods.IsApproximate(_configuration.Attention) ? 0
        : checked((AnchorPages(ContextLength) * SessionConfiguration.PageSize) + (int)Math.Min(Limits.ChunkSize, MostBlocks * (long)BlockLength(ContextLength)));

    /// <summary>Whether ranks read contexts in blocks.</summary>
    private bool IsInBlocks => OverRanks && AttentionMethods.IsApproximate(_configuration.Attention);

    /// <summary>Most blocks that one rank reads.</summary>
    private int MostBlocks => new BlockPlacement(_configuration.Ranks).MostBlocks(PrefillGeometry.BlocksOf(Approximation));

    /// <summary>The longest prompt plus output.</summary>
    internal int ContextLength { get; }

    /// <summary>The size of a step.</summary>
    internal SchedulerLimits Limits { get; }

    /// <summary>How an approximate method reads, with the number of blocks for these ranks.</summary>
    internal ApproximateAttentionOptions Approximation { get; }

    /// <summary>Ranks that divide the heads among them; 1 where each computes all.</summary>
    private int HeadRanks => AttentionMethods.RanksOfHeads(_configuration.Attention, _configuration.Ranks, _model.KVHeads);

    /// <summary>Pages, the cache's last ones, that the attention method keeps for itself.</summary>
    internal int ScratchPages(int contextLength) => OverRanks || !AttentionMethods.IsApproximate(_configuration.Attention) ? 0
        : PrefillGeometry.ScratchPages(_configuration.Attention, Approximation, contextLength, SessionConfiguration.PageSize);

    /// <summary>What attention methods know of the model.</summary>
    internal AttentionModel AttentionModel => new(
        _model.Layers, _model.HiddenSize, _model.IntermediateSize, _model.QHeads, _model.KVHeads, _model.HeadDim, _model.Activation,
        _model.RotaryLayout);

    /// <summary>Pages as the scheduler counts them, and tokens of one: over ranks, a page is one of each rank.</summary>
    internal (int Pages, int PageSize) SchedulerPages(int contextLength)
    {
        int pageSize = checked(SessionConfiguration.PageSize * _configuration.Ranks);
        long tokens = Math.Max(contextLength, Math.Min(_configuration.KVCacheTokens ?? 0, SessionConfiguration.MaxTokens));
        return (checked((int)((tokens + pageSize - 1) / pageSize) + 1), pageSize);
    }

    /// <summary>The KV cache for a context of <paramref name="contextLength"/> tokens: its pages, one more, and those of the attention method; over ranks, one rank's part of them.</summary>
    /// <remarks>
    /// A rank may have somewhat more than its part of each sequence, and of a context read in blocks each block is of whole pages: pages for that
    /// are added. With <see cref="DecodePlacement.LastRank"/>
    /// the last rank may come to hold every token.
    /// </remarks>
    internal KVCacheShape KVCache(int contextLength, int rank = 0)
    {
        (int pages, _) = SchedulerPages(contextLength);
        if (OverRanks && _configuration.Ranks > 1)
        {
            bool all = _configuration.Decode.Placement == DecodePlacement.LastRank && rank == _configuration.Ranks - 1;
            int blocks = IsInBlocks ? MostBlocks : 0; // each of whole pages, and a token more than its part
            int unspread = Attention.SequenceParallel.RankRows.FewestSpread(_configuration.Ranks) + (SessionConfiguration.PageSize / 2) + blocks;
            int more = 1 + (unspread / SessionConfiguration.PageSize) + blocks;
            pages = checked((all ? pages * _configuration.Ranks : pages) + (Math.Min(pages, Limits.MaxSequences) * more));
        }

        pages = checked(pages + ScratchPages(contextLength));
        DType type = _configuration.KVCacheType switch { KVCacheType.Float32 => DType.F32, KVCacheType.Q8_0 => DType.Q8_0, _ => DType.BF16 };
        return new KVCacheShape(_model.Layers, pages, SessionConfiguration.PageSize, _model.KVHeads, _model.HeadDim, type);
    }

    /// <summary>What a session with a context of <paramref name="contextLength"/> tokens needs in host memory; over ranks, the rank that needs most.</summary>
    internal MemoryEstimate Estimate(int contextLength)
    {
        KVCacheShape cache = KVCache(contextLength, _configuration.Ranks - 1);
        long keysAndValues = cache.BytesPerToken;
        long logits = checked((long)Limits.MaxOutputs * _model.VocabularySize * sizeof(float)); // the engine's copy
        long scores = _configuration.Attention == AttentionMethod.Apb
            ? sizeof(float) * (long)cache.Layers * cache.KVHeads * BlockLength(contextLength) * (OverRanks ? MostBlocks : 1)
            : 0;
        long bookkeeping = cache.Pages * ((long)BookkeepingBytesPerPage + (cache.PageSize * sizeof(int)));
        return new MemoryEstimate(
            _weightBytes,
            checked(keysAndValues * ((long)cache.Layers * cache.Pages + SharedLayerPages(contextLength)) * cache.PageSize),
            checked(CausalLM.ActivationByteCount(_model, RankRows, Limits.MaxOutputs) + logits + scores + bookkeeping + ExchangeBytes(cache) + PassingBytes(contextLength, cache)))
        {
            Ranks = _configuration.Ranks,
        };
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

        if (AttentionMethods.IsApproximate(_configuration.Attention) && _model.LayerWindows.Any(window => window > 0))
        {
            problems.Add($"UseAttention({_configuration.Attention}): the model has layers with a sliding window; use AttentionMethod.Full.");
        }

        if (HeadRanks > _model.QHeads)
        {
            problems.Add(
                $"UseAttention({_configuration.Attention}) divides the heads among the ranks: the model has {_model.QHeads} query heads, but there are " +
                $"{_configuration.Ranks} ranks. Use at most {_model.QHeads} ranks, or AttentionMethod.{AttentionMethod.Usp}.");
        }

        if (ContextLength >= 1 && memory is { } bytes && Estimate(ContextLength) is var need && need.KVCacheBytes + need.ActivationBytes > bytes)
        {
            problems.Add(
                $"A context of {ContextLength} tokens needs {need.KVCacheBytes} bytes for the KV cache and {need.ActivationBytes} for a step, " +
                $"but the process may use {bytes}. Lower UseContextLength or UseKVCacheTokens, or use KVCacheType.BFloat16 or Q8_0.");
        }
    }

    /// <summary>Memory for what travels: two blocks of keys and values, one exchange page set and its copy in F32, states and moved queries; where heads are divided, what that moves.</summary>
    private long ExchangeBytes(KVCacheShape cache)
    {
        if (!OverRanks)
        {
            return 0;
        }

        long state = (long)_model.QHeads * (_model.HeadDim + 1) * sizeof(float);
        long moved = Math.Min(ExactRows, ShardedDecode.RowsAtOnce) * (long)_configuration.Ranks * 6 * state;
        long travelling = 2L * cache.KVHeads * cache.HeadDim * cache.BytesOutsideTheCache;
        long block = ExactRows * ((2 * travelling) + cache.BytesPerToken + (2L * _model.KVHeads * _model.HeadDim * sizeof(float)) + (2 * state));
        long heads = HeadRanks == 1 ? 0
            : RankRows * HeadExchange.BytesPerRow(AttentionModel, HeadRanks, cache.BytesOutsideTheCache);
        return checked(moved + block + heads);
    }

    /// <summary>Over ranks, pages of the anchor and of what blocks pass on, in all layers; a context that one step reads needs one layer's.</summary>
    private long SharedLayerPages(int contextLength)
    {
        bool inOneStep = Limits.MaxSequences == 1 && Limits.ChunkSize >= contextLength;
        return (inOneStep ? 1L : _model.Layers) * (PassingPages(contextLength) + (IsInBlocks ? AnchorPages(contextLength) : 0L));
    }

    /// <summary>Over ranks, memory for what blocks pass on while it travels, and states of the rows that see it.</summary>
    private long PassingBytes(int contextLength, KVCacheShape cache)
    {
        long entries = (long)PassingPages(contextLength) * SessionConfiguration.PageSize;
        long entry = ((2L * _model.HeadDim * (cache.BytesOutsideTheCache + sizeof(float))) + (2 * sizeof(int))) * _model.KVHeads;
        long state = (long)_model.QHeads * (_model.HeadDim + 2) * sizeof(float);
        return IsInBlocks ? checked((entries * entry) + (BlockRows * state)) : 0;
    }

    private int AnchorPages(int contextLength) =>
        PrefillGeometry.AnchorPages(_configuration.Attention, Approximation, contextLength, SessionConfiguration.PageSize);

    private int PassingPages(int contextLength) =>
        OverRanks ? PrefillGeometry.PassingPages(_configuration.Attention, Approximation, contextLength, SessionConfiguration.PageSize) : 0;

    private int BlockLength(int contextLength) => PrefillGeometry.BlockLength(Approximation, contextLength, SessionConfiguration.PageSize);
}
