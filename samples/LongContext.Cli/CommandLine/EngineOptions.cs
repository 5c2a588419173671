using LongContext.Cli.Output;

namespace LongContext.Cli.CommandLine;

/// <summary>The options that <c>logits</c>, <c>run</c>, <c>bench</c> and <c>chat</c> share, read once.</summary>
internal sealed record EngineOptions
{
    /// <summary>Where links among the model's files may lead; null: nowhere.</summary>
    internal required string? LinkRoot { get; init; }

    /// <summary>0: all cores.</summary>
    internal required int Threads { get; init; }

    /// <summary>Null: the builder's default.</summary>
    internal required int? Context { get; init; }

    /// <summary>Null: the builder's default.</summary>
    internal required int? Chunk { get; init; }

    internal required AttentionMethod Attention { get; init; }

    internal required ApproximateAttentionOptions Approximation { get; init; }

    internal required KVCacheType KV { get; init; }

    internal required ModelPrecision Precision { get; init; }

    /// <summary>Ranks, or without a communicator the blocks of an approximate method; null: not said.</summary>
    internal required int? Hosts { get; init; }

    /// <summary>Null: not said, so that approximate methods read on one machine.</summary>
    internal required CommunicatorKind? AskedCommunicator { get; init; }

    /// <summary>What ranks are, if there are any.</summary>
    internal CommunicatorKind Communicator => AskedCommunicator ?? CommunicatorKind.InProcess;

    /// <summary>Where a timeline goes; null: nowhere.</summary>
    internal required string? Trace { get; init; }

    /// <summary>Whether <see cref="Hosts"/> are ranks: approximate methods on one machine cut a context into blocks instead.</summary>
    internal bool RunsOverRanks => AskedCommunicator is not null || !IsApproximate(Attention);

    /// <summary>Threads really used.</summary>
    internal int ThreadCount => Threads > 0 ? Threads : Environment.ProcessorCount;

    internal static EngineOptions From(Arguments arguments)
    {
        (string, AttentionMethod)[] methods = [.. Enum.GetValues<AttentionMethod>().Select(m => (JsonNames.Of(m), m))];
        AttentionMethod attention = arguments.GetChoice(Options.Attention, methods) ?? AttentionMethod.Full;
        int? hosts = arguments.GetInteger(Options.Hosts, minimum: 1);
        CommunicatorKind? communicator = arguments.GetChoice(
            Options.Communicator, ("inprocess", CommunicatorKind.InProcess), ("mpi", CommunicatorKind.Mpi), ("tcp", CommunicatorKind.Tcp));
        int? blocks = arguments.GetInteger(Options.Blocks, minimum: 1) ?? (IsApproximate(attention) && communicator is null ? hosts : null);
        return new EngineOptions
        {
            LinkRoot = arguments.GetText(Options.LinkRoot),
            Threads = arguments.GetInteger(Options.Threads, minimum: 0) ?? 0,
            Context = arguments.GetInteger(Options.Context, minimum: 1),
            Chunk = arguments.GetInteger(Options.Chunk, minimum: 1),
            Attention = attention,
            Approximation = ApproximationArguments.Read(arguments, blocks),
            Hosts = hosts,
            AskedCommunicator = communicator,
            Trace = arguments.GetText(Options.Trace),
            KV = arguments.GetChoice(Options.KV, ("f32", KVCacheType.Float32), ("bf16", KVCacheType.BFloat16), ("q8_0", KVCacheType.Q8_0)) ?? KVCacheType.BFloat16,
            Precision = arguments.GetChoice(Options.Precision, ("float32", ModelPrecision.Float32), ("auto", ModelPrecision.Auto)) ?? ModelPrecision.Auto,
        };
    }

    /// <summary>The same with full attention on one host, in this process, without a trace.</summary>
    internal EngineOptions AsFull() =>
        this with { Attention = AttentionMethod.Full, Hosts = null, AskedCommunicator = null, Trace = null };

    /// <summary>Starts a session's configuration.</summary>
    internal InferenceSessionBuilder CreateBuilder(string model)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(model, LinkRoot)
            .UseCpu(Threads)
            .UseAttention(Attention, Approximation)
            .UseKVCacheType(KV)
            .UsePrecision(Precision);
        builder = RunsOverRanks && Communicator == CommunicatorKind.InProcess && Hosts is { } hosts ? builder.UseHosts(hosts) : builder;
        builder = Trace is { } trace ? builder.UseTrace(trace) : builder;
        builder = Context is { } context ? builder.UseContextLength(context) : builder;
        return Chunk is { } chunk ? builder.UseChunkSize(chunk) : builder;
    }

    private static bool IsApproximate(AttentionMethod method) => method is AttentionMethod.Star or AttentionMethod.Apb;
}
