namespace LongContext.Planning;

/// <summary>Foretells time, bytes and memory of every method for one prompt, before anything is loaded. Thread-safe.</summary>
/// <remarks>
/// An α-β-and-rates model: matrix products and attention at the host's rates, messages at α + bytes / β, overlapped where the method
/// overlaps them. Ignores congestion, stragglers, and software cost beyond α. Calibrate the rates with a short measurement to be within
/// a factor of 1.5 on a quiet machine.
/// </remarks>
public static class ExecutionPlanner
{
    private const int MostInnerHosts = 8;

    /// <summary>Plans for every method that can run.</summary>
    /// <param name="model">The model; its file's types decide the bytes that decoding reads.</param>
    /// <param name="request">Prompt, hosts, rates.</param>
    /// <exception cref="ConfigurationException">The request makes no sense.</exception>
    public static IReadOnlyList<MethodPlan> Plan(ModelInfo model, PlanRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(request);
        request.ThrowIfInvalid();
        ModelCost cost = new(model, request.KVElementBytes, request.ExchangeElementBytes);
        PrefillModel prefill = new(cost, request);
        int inner = InnerHosts(model, request);
        List<MethodPlan> plans = [];
        foreach (PlannedMethod method in Enum.GetValues<PlannedMethod>())
        {
            bool approximate = method is PlannedMethod.Star or PlannedMethod.Apb;
            int blocks = !approximate ? request.Hosts
                : request.Hosts == 1 ? (int)Math.Min(request.VirtualHosts, request.Tokens)
                : checked(request.Hosts * request.BlocksPerHost);
            bool alone = request.Hosts == 1 && !approximate && method != PlannedMethod.Full; // the same as Full
            if (!alone && prefill.Of(method, blocks, inner) is { } time)
            {
                plans.Add(Describe(model, cost, request, method, blocks, time));
            }
        }

        return plans;
    }

    private static int InnerHosts(ModelInfo model, PlanRequest request)
    {
        if (request.InnerHosts is { } given)
        {
            return given;
        }

        int most = Math.Min(Math.Min(MostInnerHosts, model.KVHeads), request.Hosts);
        while (request.Hosts % most != 0)
        {
            most--;
        }

        return most;
    }

    private static MethodPlan Describe(
        ModelInfo model, ModelCost cost, PlanRequest request, PlannedMethod method, int blocks, in PrefillTime time)
    {
        int n = request.Hosts;
        double shard = Math.Ceiling((double)request.Tokens / n) * cost.KVTokenBytes * cost.Layers;
        double decodeBytes = TransferBytes.Decode(cost, n);
        double decode = ((cost.DecodedWeightBytes + shard) / request.Host.MemoryBytesPerSecond)
            + (n > 1 ? cost.Layers * request.Link.Seconds(2, decodeBytes) : 0);
        return new MethodPlan(
            method, n, blocks, cost.Layers * time.Seconds, cost.Layers * time.Compute, cost.Layers * time.Communication,
            cost.Layers * time.Bytes, decode, cost.Layers * decodeBytes, model.WeightBytes, (long)shard);
    }
}
