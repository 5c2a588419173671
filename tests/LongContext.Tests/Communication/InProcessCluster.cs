using LongContext.Communication;
using LongContext.Tests.Shared.Conformance.Communication;

namespace LongContext.Tests.Communication;

/// <summary>The cluster of <see cref="InProcessCommunicator"/>.</summary>
internal static class InProcessCluster
{
    internal static readonly ThreadCluster Instance = new(
        (size, options) =>
        {
            IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(size, options);
            return rank => ranks[rank];
        },
        maxSize: 8);
}
