using LongContext.Distributed.Tcp;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

[TestFixture(AgreementCheck.Headers, null)]
[TestFixture(AgreementCheck.HeadersAndChecksums, "a secret that only ranks know")]
internal sealed class TcpCommunicatorConformanceTests(AgreementCheck agreement, string? secret) : CommunicatorConformance
{
    protected override CommunicatorCluster Cluster { get; } = TcpCluster.Of(agreement, secret);
}
