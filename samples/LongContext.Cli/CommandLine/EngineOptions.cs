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

    /// <summary>Threads really used.</summary>
    internal int ThreadCount => Threads > 0 ? Threads : Environment.ProcessorCount;

    internal static EngineOptions From(Arguments arguments) => new()
    {
        LinkRoot = arguments.GetText(Options.LinkRoot),
        Threads = arguments.GetInteger(Options.Threads, minimum: 0) ?? 0,
        Context = arguments.GetInteger(Options.Context, minimum: 1),
        Chunk = arguments.GetInteger(Options.Chunk, minimum: 1),
        Attention = arguments.GetChoice(
            Options.Attention, ("full", AttentionMethod.Full), ("star", AttentionMethod.Star), ("apb", AttentionMethod.Apb)) ?? AttentionMethod.Full,
        Approximation = ApproximationArguments.Read(arguments),
        KV = arguments.GetChoice(Options.KV, ("f32", KVCacheType.Float32), ("bf16", KVCacheType.BFloat16)) ?? KVCacheType.BFloat16,
        Precision = arguments.GetChoice(Options.Precision, ("float32", ModelPrecision.Float32), ("auto", ModelPrecision.Auto)) ?? ModelPrecision.Auto,
    };

    /// <summary>The same with full attention on one host.</summary>
    internal EngineOptions AsFull() => this with { Attention = AttentionMethod.Full };

    /// <summary>Starts a session's configuration.</summary>
    internal InferenceSessionBuilder CreateBuilder(string model)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(model, LinkRoot)
            .UseCpu(Threads)
            .UseAttention(Attention, Approximation)
            .UseKVCacheType(KV)
            .UsePrecision(Precision);
        builder = Context is { } context ? builder.UseContextLength(context) : builder;
        return Chunk is { } chunk ? builder.UseChunkSize(chunk) : builder;
    }
}
