using System.Runtime.ExceptionServices;
using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>What every <see cref="ICommunicator"/> must do. Derive one fixture an implementation.</summary>
/// <remarks>Ranks share nothing but their communicator: the suite also runs where each rank is a process.</remarks>
internal abstract partial class CommunicatorConformance
{
    private static readonly int[] Sizes = [1, 2, 3, 4, 8];
    private static readonly int[] SeveralRanks = [2, 3, 4, 8];

    /// <summary>Runs ranks over the communicator under test.</summary>
    protected abstract CommunicatorCluster Cluster { get; }

    /// <summary>Runs <paramref name="body"/> on all ranks; a rank's exception is the test's.</summary>
    protected void OnRanks(int size, Action<ICommunicator> body)
    {
        // The rank that caused a fault tells more than those that heard of it.
        Exception? thrown = Outcomes(size, CommunicatorOptions.Default, body).OrderBy(e => e is CommunicatorException).FirstOrDefault(e => e is not null);
        if (thrown is not null)
        {
            ExceptionDispatchInfo.Throw(thrown);
        }
    }

    /// <summary>Runs <paramref name="body"/> on all ranks.</summary>
    /// <returns>[size]: what each rank threw.</returns>
    protected IReadOnlyList<Exception?> Outcomes(int size, CommunicatorOptions options, Action<ICommunicator> body)
    {
        if (size > Cluster.MaxSize)
        {
            Assert.Ignore($"The cluster has {Cluster.MaxSize} ranks.");
        }

        return Cluster.Run(size, options, body);
    }

    private static CommTag Tag(byte part = 0, CommPhase phase = CommPhase.Check) => new(1, 2, phase, part);

    private static void AssertFrom(CommRegion block, int sender, long start = 0, int salt = 0) =>
        Assert.That(RankMemory.FirstWrong(block, sender, start, salt), Is.EqualTo(-1), $"The first wrong element of what rank {sender} sent.");
}
