using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>The suite as a rank process runs it; in the test process there is no fixture of it.</summary>
[TestFixtureSource(nameof(Runs))]
internal sealed class RankConformance(RankRun run) : CommunicatorConformance
{
    private readonly ProcessCluster _cluster = new(run);

    /// <summary>Set by a rank process before it runs the suite.</summary>
    internal static RankRun? InThisProcess { get; set; }

    protected override CommunicatorCluster Cluster => _cluster;

    private static RankRun[] Runs => InThisProcess is { } run ? [run] : [];
}
