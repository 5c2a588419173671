using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

[TestFixture]
internal sealed class InProcessCommunicatorConformanceTests : CommunicatorConformance
{
    protected override CommunicatorCluster Cluster => InProcessCluster.Instance;
}
