namespace LongContext.CriticalPath.Simulation;

/// <summary>When rank 0 was done, and why not earlier.</summary>
/// <param name="Seconds">From the first event of any rank to the last of rank 0.</param>
/// <param name="PathCompute">Seconds of the critical path on which some rank computed.</param>
/// <param name="PathTransfer">Seconds of it on which a message was under way; together with the other all of it.</param>
/// <param name="Compute">[rank] seconds that it computed.</param>
/// <param name="Waited">[rank] seconds that it waited for others.</param>
/// <param name="BytesSent">[rank] to other ranks.</param>
internal sealed record PathReport(
    double Seconds, double PathCompute, double PathTransfer, IReadOnlyList<double> Compute, IReadOnlyList<double> Waited, IReadOnlyList<long> BytesSent)
{
    /// <summary>How much more than the average the busiest rank computes, as a part of the average.</summary>
    internal double Imbalance => (Compute.Max() / Compute.Average()) - 1;

    /// <summary>Part of the critical path that is transfer.</summary>
    internal double TransferShare => Seconds > 0 ? PathTransfer / Seconds : 0;
}
