using LongContext.Communication;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

[TestFixture]
internal sealed class InProcessCommunicatorConformanceTests : CommunicatorConformance
{
    protected override CommunicatorCluster Cluster { get; } = new ThreadCluster(
        (size, options) =>
        {
            IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(size, options);
            return rank => ranks[rank];
        },
        maxSize: 8);
}
