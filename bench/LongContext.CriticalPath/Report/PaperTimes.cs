namespace LongContext.CriticalPath.Report;

/// <summary>Seconds of prefill in the APB paper (arXiv 2502.12085, table 14): Llama 3 8B, 8 A800 GPUs, Full on one of them.</summary>
internal static class PaperTimes
{
    private static readonly Dictionary<int, Dictionary<string, double>> Seconds = new()
    {
        [32_768] = new() { ["full"] = 3.46, ["ulysses"] = 0.50, ["ring"] = 0.72, ["star"] = 0.67, ["apb"] = 0.49 },
        [65_536] = new() { ["full"] = 9.51, ["ulysses"] = 1.30, ["ring"] = 2.00, ["star"] = 1.43, ["apb"] = 1.09 },
        [131_072] = new() { ["full"] = 30.01, ["ulysses"] = 3.95, ["ring"] = 6.34, ["star"] = 3.50, ["apb"] = 2.79 },
    };

    /// <summary>How many times as long as APB another method takes there; null where the paper does not say.</summary>
    internal static double? BesideApb(string method, int tokens) =>
        Seconds.TryGetValue(tokens, out Dictionary<string, double>? row) && row.TryGetValue(method, out double seconds) ? seconds / row["apb"] : null;
}
