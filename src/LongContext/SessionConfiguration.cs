using LongContext.Attention;
using LongContext.Attention.Compression;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tokenization;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>What a builder was told; null where it was told nothing.</summary>
internal sealed record SessionConfiguration
{
    /// <summary>Token slots of a KV page.</summary>
    internal const int PageSize = 64;

    private const int MaxThreads = 1_024;
    private const int MaxRanks = 256;
    internal const int MaxChunk = 16_384;
    internal const int MaxRequests = 1_024;
    internal const int MaxHosts = 1_024;
    private const int MaxQueue = 1_000_000;
    internal const long MaxTokens = 2_000_000_000; // page and slot numbers of one sequence are 32-bit

    internal string? ModelPath { get; init; }

    /// <summary>Where links among the model's files may lead beside its own folder.</summary>
    internal string? LinkRoot { get; init; }

    internal int Threads { get; init; }

    internal CorePinning Pinning { get; init; }

    internal WarmUp WarmUp { get; init; }

    internal Func<IBackend>? CreateBackend { get; init; }

    internal int? ContextLength { get; init; }

    internal long? KVCacheTokens { get; init; }

    internal KVCacheType KVCacheType { get; init; }

    /// <summary>Null: 512 on one rank; over ranks the context, at most <see cref="MaxChunk"/> for each.</summary>
    internal int? ChunkSize { get; init; }

    internal ModelPrecision Precision { get; init; }

    internal AttentionMethod Attention { get; init; }

    internal ApproximateAttentionOptions Approximation { get; init; } = new();

    internal ShardedDecodeOptions Decode { get; init; } = ShardedDecodeOptions.Default;

    /// <summary>Ranks as threads of this process; null: not asked for.</summary>
    internal int? Hosts { get; init; }

    /// <summary>This process's end of ranks elsewhere.</summary>
    internal ICommunicator? Communicator { get; init; }

    /// <summary>Where rank 0's timeline goes, with those of this process's other ranks; null for nowhere.</summary>
    internal string? TracePath { get; init; }

    /// <summary>Makes a rank's timeline; null for none.</summary>
    internal Func<int, StepTimeline>? Timeline { get; init; }

    /// <summary>Whether rows of the last layer are computed that nobody reads.</summary>
    internal bool AllRowsOfTheLastLayer { get; init; }

    /// <summary>True for a rank other than 0.</summary>
    internal bool IsWorker { get; init; }

    /// <summary>Number of ranks.</summary>
    internal int Ranks => Communicator?.Size ?? Math.Clamp(Hosts ?? 1, 1, MaxRanks);

    /// <summary>Whether steps are divided among ranks, if only one.</summary>
    internal bool OverRanks => AttentionMethods.RunsOverRanks(Attention)
        || (AttentionMethods.IsApproximate(Attention) && (Ranks > 1 || Communicator is not null));

    internal PrefixReuse PrefixReuse { get; init; }

    internal ITokenizer? Tokenizer { get; init; }

    internal int MaxConcurrentRequests { get; init; } = 64;

    internal int MaxQueuedRequests { get; init; } = 256;

    internal ILoggerFactory? LoggerFactory { get; init; }

    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Everything that is wrong whatever the model is, one sentence each.</summary>
    internal List<string> FindProblems()
    {
        List<string> problems = [];
        if (ModelPath is null)
        {
            problems.Add("No model was named. Call UseModel with a model folder or a GGUF file.");
        }
        else if (!Path.Exists(ModelPath))
        {
            problems.Add($"UseModel(\"{ModelPath}\"): there is no such file or folder.");
        }

        if (LinkRoot is not null && !Directory.Exists(LinkRoot))
        {
            problems.Add($"UseModel(linkRoot: \"{LinkRoot}\"): there is no such folder.");
        }

        Require(problems, Threads is >= 0 and <= MaxThreads, "UseCpu", Threads, $"0 (every core) to {MaxThreads} threads");
        Require(
            problems, Pinning == CorePinning.None || Threads <= Environment.ProcessorCount, "UseCpu", Threads,
            $"at most the {Environment.ProcessorCount} cores that the process may use, when threads are pinned to cores");
        Require(problems, ContextLength is null or >= 1, "UseContextLength", ContextLength, "at least 1 token");
        Require(problems, KVCacheTokens is null or (>= PageSize and <= MaxTokens), "UseKVCacheTokens", KVCacheTokens, $"{PageSize} (one page) to {MaxTokens} tokens");
        Require(
            problems, KVCacheTokens is null || ContextLength is null || KVCacheTokens >= ContextLength, "UseKVCacheTokens", KVCacheTokens,
            $"at least the context length, {ContextLength}");
        Require(problems, ChunkSize is null || (ChunkSize >= 1 && ChunkSize <= (long)MaxChunk * Ranks), "UseChunkSize", ChunkSize, $"1 to {(long)MaxChunk * Ranks} tokens");
        Require(problems, MaxConcurrentRequests is >= 1 and <= MaxRequests, "UseMaxConcurrentRequests", MaxConcurrentRequests, $"1 to {MaxRequests}");
        Require(problems, MaxQueuedRequests is >= 0 and <= MaxQueue, "UseMaxQueuedRequests", MaxQueuedRequests, $"0 to {MaxQueue}");
        Require(problems, Enum.IsDefined(Pinning), "UseCpu", Pinning, "a value of CorePinning");
        Require(problems, Enum.IsDefined(WarmUp), "UseWarmUp", WarmUp, "a value of WarmUp");
        Require(problems, Enum.IsDefined(KVCacheType), "UseKVCacheType", KVCacheType, "a value of KVCacheType");
        Require(problems, Enum.IsDefined(Precision), "UsePrecision", Precision, "a value of ModelPrecision");
        Require(problems, Enum.IsDefined(Attention), "UseAttention", Attention, "a value of AttentionMethod");
        Require(problems, Enum.IsDefined(PrefixReuse), "UsePrefixReuse", PrefixReuse, "a value of PrefixReuse");
        Require(problems, Enum.IsDefined(Decode.Merge), "ShardedDecodeOptions.Merge", Decode.Merge, "a value of DecodeMerge");
        Require(problems, Enum.IsDefined(Decode.Placement), "ShardedDecodeOptions.Placement", Decode.Placement, "a value of DecodePlacement");
        FindRankProblems(problems);
        FindApproximationProblems(problems);
        return problems;
    }

    private void FindRankProblems(List<string> problems)
    {
        Require(problems, Hosts is null or (>= 1 and <= MaxRanks), "UseHosts", Hosts, $"1 to {MaxRanks}");
        if (Hosts > 1 && Communicator is not null)
        {
            problems.Add($"UseHosts({Hosts}) and UseCommunicator exclude each other: ranks are threads of this process, or the communicator's.");
        }

        if (IsWorker && Communicator is null)
        {
            problems.Add("BuildWorker makes one rank of a communicator. Call UseCommunicator.");
        }
        else if (Communicator is not null && IsWorker != (Communicator.Rank > 0))
        {
            problems.Add($"This is rank {Communicator.Rank}: rank 0 calls Build, every other rank BuildWorker.");
        }

        if ((Ranks > 1 || IsWorker) && Enum.IsDefined(Attention) && !OverRanks)
        {
            problems.Add($"UseAttention({Attention}) runs on one rank, but there are {Ranks}. Choose a method over ranks, such as {AttentionMethod.RingZigzag}.");
        }
    }

    private void FindApproximationProblems(List<string> problems)
    {
        ApproximateAttentionOptions o = Approximation;
        CheckOption(problems, o.Hosts is null or (>= 1 and <= MaxHosts), nameof(o.Hosts), o.Hosts, $"1 to {MaxHosts}");
        CheckOption(
            problems, !OverRanks || o.Hosts is null || o.Hosts % Ranks == 0, nameof(o.Hosts), o.Hosts,
            $"a multiple of the {Ranks} ranks, so that each has as many blocks; {BlockPlacement.DefaultBlocks(Ranks)} balance their work");
        CheckOption(problems, o.AnchorLength is null or >= 0, nameof(o.AnchorLength), o.AnchorLength, "at least 0 tokens");
        CheckOption(problems, o.PassingLength is null or >= 0, nameof(o.PassingLength), o.PassingLength, "at least 0 tokens");
        CheckOption(problems, o.MinimumLength is null or >= 0, nameof(o.MinimumLength), o.MinimumLength, "at least 0 tokens");
        CheckOption(problems, o.QueryTokens >= 1, nameof(o.QueryTokens), o.QueryTokens, "at least 1 token");
        CheckOption(problems, Enum.IsDefined(o.AnchorLayout), nameof(o.AnchorLayout), o.AnchorLayout, "a value of AnchorLayout");
        CheckOption(problems, Enum.IsDefined(o.AnchorKV), nameof(o.AnchorKV), o.AnchorKV, "a value of AnchorKV");
        CheckOption(
            problems, o.AnchorKV != AnchorKV.KeptForQuery || (!OverRanks && MaxConcurrentRequests == 1), nameof(o.AnchorKV), o.AnchorKV,
            $"{AnchorKV.Dropped}, or UseMaxConcurrentRequests(1) on one rank: there is room for one anchor");
        CheckOption(problems, Enum.IsDefined(o.QueryMask), nameof(o.QueryMask), o.QueryMask, "a value of QueryMask");
        CheckOption(
            problems, o.QueryMask != QueryMask.Released || !OverRanks, nameof(o.QueryMask), o.QueryMask, $"{QueryMask.Exact} over ranks");
        CheckOption(problems, o.Compressor is null || Enum.IsDefined(o.Compressor.Value), nameof(o.Compressor), o.Compressor, "a value of CompressorKind");
        CheckOption(
            problems, o.Compressor != CompressorKind.RetainingHeads || o.RetainingHeadsPath is not null, nameof(o.RetainingHeadsPath), "null",
            "a file, since retaining heads are asked for");
        CheckOption(
            problems, o.RetainingHeadsPath is null || File.Exists(o.RetainingHeadsPath), nameof(o.RetainingHeadsPath), o.RetainingHeadsPath,
            "a file that is there");
        bool queryInAnchor = o.AnchorLayout != AnchorLayout.ContextOnly && o.AnchorLength != 0;
        CheckOption(
            problems, Attention != AttentionMethod.Apb || queryInAnchor || Compressors.Resolve(o) != CompressorKind.QueryAware, nameof(o.Compressor),
            CompressorKind.QueryAware, "another one, since the anchor has no query in it");
    }

    private void CheckOption(List<string> problems, bool condition, string option, object? value, string allowed) =>
        Require(problems, condition, $"UseAttention({Attention}), {option}", value, allowed);

    private static void Require(List<string> problems, bool condition, string option, object? value, string allowed)
    {
        if (!condition)
        {
            problems.Add($"{option}({value}): it must be {allowed}.");
        }
    }
}
