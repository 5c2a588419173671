using LongContext.Tests.Shared;

namespace LongContext.Distributed.Tests.Sessions;

/// <summary>The model that sessions over processes read: a trained one, from the reference data or else from the samples.</summary>
internal static class SessionModel
{
    /// <summary>Its folder.</summary>
    internal static string Path { get; } = SharedData.Root is null ? OfSamples : SharedData.Require("models/stories260K");

    /// <summary>Exact attention over ranks.</summary>
    internal static IReadOnlyList<AttentionMethod> ExactMethods { get; } =
        [.. Enum.GetValues<AttentionMethod>().Where(m => m.ToString() is "Ring" or "RingZigzag" or "Ulysses" or "Usp")];

    /// <summary>Approximate methods, with one block and with two for each rank, that read every context in blocks that is long enough for two.</summary>
    internal static IEnumerable<(AttentionMethod Method, ApproximateAttentionOptions Options)> InBlocks(int ranks)
    {
        ApproximateAttentionOptions options = new() { AnchorLength = 20, PassingLength = 40, QueryTokens = 6, MinimumLength = 0 };
        yield return (AttentionMethod.Star, options with { Hosts = ranks });
        yield return (AttentionMethod.Apb, options with { Hosts = 2 * ranks, Compressor = CompressorKind.QueryAware });
        yield return (AttentionMethod.Apb, options with { Hosts = ranks, Compressor = CompressorKind.Random });
    }

    private static string OfSamples => System.IO.Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model");

    /// <summary>Every rank's session with exact arithmetic, on one core.</summary>
    internal static InferenceSessionBuilder Builder(string path, AttentionMethod method) => InferenceSession.CreateBuilder()
        .UseModel(path).UseCpu(1).UseContextLength(512).UseKVCacheTokens(1_024).UseKVCacheType(KVCacheType.Float32)
        .UsePrecision(ModelPrecision.Float32).UseAttention(method);

    /// <summary>A copy of it in <paramref name="folder"/> whose configuration says something else.</summary>
    internal static string CopyWithOtherEpsilon(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Path).Where(f => !f.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            File.WriteAllBytes(System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file)), File.ReadAllBytes(file));
        }

        string configuration = System.IO.Path.Combine(folder, "config.json");
        string text = File.ReadAllText(configuration);
        string other = text.Replace("1e-05", "2e-05", StringComparison.Ordinal);
        File.WriteAllText(configuration, other);
        return other != text ? folder : throw new InvalidOperationException($"{configuration} has no epsilon of 1e-05 to change.");
    }

    /// <summary>Greedy, whatever the model says of the end.</summary>
    internal static GenerationOptions Greedy(int tokens) => new() { MaxNewTokens = tokens, EndOfSequence = EndOfSequenceHandling.Ignore };
}
