using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
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
        new("model (hash of its configuration and tensor table)", ModelHash(files)),
        new("attention method", configuration.Attention.ToString()),
        new("decode merge", configuration.Decode.Merge.ToString()),
        new("decode placement", configuration.Decode.Placement.ToString()),
        new("KV cache type", configuration.KVCacheType.ToString()),
        new("precision", configuration.Precision.ToString()),
        new("context length", Number(sizes.ContextLength)),
        new("KV cache pages", Number(sizes.SchedulerPages(sizes.ContextLength).Pages)),
        new("chunk size", Number(sizes.Limits.ChunkSize)),
        new("concurrent requests", Number(sizes.Limits.MaxSequences)),
    ];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Of what the headers say: names, types, shapes and sizes of all tensors. The weights themselves are not read.</summary>
    private static string ModelHash(ModelFiles files)
    {
        StringBuilder text = new(CausalLM.ReadConfig(files).ToString());
        foreach ((string name, WeightInfo info) in files.Weights?.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, WeightInfo>>())
        {
            text.Append('\n').Append(name).Append(' ').Append(info);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
