namespace LongContext.Attention;

/// <summary>From options to a method: the one switch.</summary>
internal static class AttentionMethods
{
    internal static IAttentionMethod Create(AttentionMethod method) => method switch
    {
        AttentionMethod.Full => new FullAttention(),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not an attention method."),
    };
}
