namespace LongContext.Planning;

/// <summary>What a method would take for one prompt. Lower bounds of a good implementation: no congestion, no stragglers.</summary>
/// <param name="Method">The method.</param>
/// <param name="Hosts">Hosts.</param>
/// <param name="Blocks">Parts that the prompt is cut into: the hosts, or the blocks of an approximate method.</param>
/// <param name="PrefillSeconds">Time to the first token's hidden state.</param>
/// <param name="ComputeSeconds">Of it, computing on the host that computes longest.</param>
/// <param name="CommunicationSeconds">Transfers of one host; what overlaps with computing is in both.</param>
/// <param name="PrefillBytesSent">Bytes that one host sends in prefill, all layers.</param>
/// <param name="DecodeSecondsPerToken">One token of one request, over keys that stay where they are.</param>
/// <param name="DecodeBytesPerToken">Bytes to and from the host that owns the token, all layers.</param>
/// <param name="WeightBytes">Weights on each host.</param>
/// <param name="KVCacheBytes">Keys and values on the host that holds most.</param>
public sealed record MethodPlan(
    PlannedMethod Method, int Hosts, int Blocks, double PrefillSeconds, double ComputeSeconds, double CommunicationSeconds,
    double PrefillBytesSent, double DecodeSecondsPerToken, double DecodeBytesPerToken, long WeightBytes, long KVCacheBytes)
{
    /// <summary>True when the result equals that of one host.</summary>
    public bool IsExact => Method is not (PlannedMethod.Star or PlannedMethod.Apb);
}
