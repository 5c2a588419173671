using System.Globalization;
using System.Reflection;
using LongContext.Attention;
using LongContext.Communication;
using LongContext.Loading;
using LongContext.Models;

namespace LongContext;

/// <summary>What ranks in different processes must have been started with alike, compared before anything is loaded.</summary>
internal static class RankAgreement
{
    /// <exception cref="CommunicatorException">A setting differs; names it, two ranks and both values.</exception>
    internal static void Check(ICommunicator communicator, SessionConfiguration configuration, SessionSizes sizes, ModelFiles files) =>
        communicator.Agree(Facts(configuration, sizes, files));

    /// <summary>Names and values.</summary>
    internal static IReadOnlyList<KeyValuePair<string, string>> Facts(SessionConfiguration configuration, SessionSizes sizes, ModelFiles files) =>
    [
        new("library version", typeof(RankAgreement).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? ""),
        new("architecture", CausalLM.ReadInfo(files).Architecture),
        new("model (hash of its configuration and tensor table)", ModelHash.Of(files, sizes.ContextLength)),
        new("attention method", configuration.Attention.ToString()),
        new("decode merge", configuration.Decode.Merge.ToString()),
        new("decode placement", configuration.Decode.Placement.ToString()),
        new("approximate attention", Approximation(sizes, configuration)),
        new("KV cache type", configuration.KVCacheType.ToString()),
        new("precision", configuration.Precision.ToString()),
        new("context length", Number(sizes.ContextLength)),
        new("KV cache pages", Number(sizes.SchedulerPages(sizes.ContextLength).Pages)),
        new("chunk size", Number(sizes.Limits.ChunkSize)),
        new("concurrent requests", Number(sizes.Limits.MaxSequences)),
    ];

    /// <summary>All that an approximate method reads by; of retaining heads the file's length, since it may be anywhere.</summary>
    private static string Approximation(SessionSizes sizes, SessionConfiguration configuration)
    {
        ApproximateAttentionOptions options = sizes.Approximation;
        string heads = options.RetainingHeadsPath is { } path ? Invariant($"{new FileInfo(path).Length} bytes of heads") : "no heads";
        return !AttentionMethods.IsApproximate(configuration.Attention) ? "none"
            : Invariant($"{options with { RetainingHeadsPath = null }}, {heads}");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
