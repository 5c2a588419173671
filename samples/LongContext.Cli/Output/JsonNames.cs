using LongContext.Planning;

namespace LongContext.Cli.Output;

/// <summary>How values of enumerations are written in JSON.</summary>
internal static class JsonNames
{
    internal static string Of(FinishReason reason) => reason switch
    {
        FinishReason.EndOfSequence => "endOfSequence",
        FinishReason.StopSequence => "stopSequence",
        FinishReason.Length => "length",
        _ => reason.ToString(),
    };

    internal static string Of(KVCacheType type) => type switch { KVCacheType.Float32 => "f32", KVCacheType.Q8_0 => "q8_0", _ => "bf16" };

    internal static string Of(ModelPrecision precision) => precision == ModelPrecision.Float32 ? "float32" : "auto";

    internal static string Of(AttentionMethod method) => Words(method.ToString());

    internal static string Of(PlannedMethod method) => Words(method.ToString());

    /// <summary>RingZigzag is ring-zigzag.</summary>
    private static string Words(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
