using System.Net;
using System.Net.Sockets;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Two real ranks, and something between them that damages one byte: both end with a fault, and no wrong byte is ever used.</summary>
[TestFixture]
internal sealed class DamagedStreamTests
{
    private const int StartBytes = 600; // greeting, proof and hello are shorter: what follows are frames
    private const int Steps = 14;

    [Test]
    public void Stream_DamagedAnywhere_EndsBothRanks_AndNoWrongByteIsUsed([Values] ProxyFault fault, [Range(1, 12)] int seed)
    {
        long at = StartBytes + new Random(seed).Next(150_000);
        Exception?[] outcomes = Run(at, fault, out bool hasActed);

        Assert.That(hasActed, Is.True, "The ranks send more than that.");
        foreach (Exception? outcome in outcomes)
        {
            Assert.That(outcome, Is.InstanceOf<CommunicatorException>());
            CommunicatorFault found = ((CommunicatorException)outcome!).Fault;
            Assert.That(found.Kind, Is.AnyOf(Expected(fault)), found.Message);
            Assert.That(found.Message, Does.Contain("rank"));
        }
    }

    [Test]
    public void Stream_LeftAlone_GivesEveryByte()
    {
        Exception?[] outcomes = Run(long.MaxValue, ProxyFault.Cut, out bool hasActed);

        Assert.That(hasActed, Is.False);
        Assert.That(outcomes, Is.All.Null);
    }

    /// <summary>A lost byte may leave a rank waiting for one more: then the deadline ends it.</summary>
    private static FaultKind[] Expected(ProxyFault fault) => fault switch
    {
        ProxyFault.Cut => [FaultKind.Truncated, FaultKind.RankEnded],
        ProxyFault.LoseAByte => [FaultKind.Corrupted, FaultKind.DeadlineExceeded],
        _ => [FaultKind.Corrupted],
    };

    private static Exception?[] Run(long at, ProxyFault fault, out bool hasActed)
    {
        using Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        using FaultyProxy proxy = new(TcpCluster.Port(listener), at, fault);
        CommunicatorOptions options = new() { OperationDeadline = TimeSpan.FromSeconds(1), SlowRankWarning = TimeSpan.FromMinutes(1) };
        ThreadCluster cluster = new(
            (size, _) => rank => TcpCommunicator.Create(
                TcpCluster.Options(rank, size, rank == 0 ? TcpCluster.Port(listener) : proxy.Port, options) with
                {
                    Agreement = AgreementCheck.HeadersAndChecksums,
                },
                rank == 0 ? listener : null),
            maxSize: 2);
        Exception?[] outcomes = [.. cluster.Run(2, options, Exchange)];
        hasActed = proxy.HasActed;
        return outcomes;
    }

    /// <summary>Long and short messages; every byte received is checked.</summary>
    private static void Exchange(ICommunicator c)
    {
        using RankMemory memory = new(c);
        CommRegion all = memory.Floats(2 * 3000);
        CommRegion few = memory.Floats(2 * 10);
        for (int step = 0; step < Steps; step++)
        {
            c.AllGather(memory.Own(3000, salt: step), all, new CommTag((uint)step, 0, CommPhase.RingKeyValue, 0)).Wait();
            Assert.That(RankMemory.FirstWrong(all.Slice(3000 * (1 - c.Rank), 3000), 1 - c.Rank, salt: step), Is.EqualTo(-1));
            c.AllGather(memory.Own(10, salt: step), few, new CommTag((uint)step, 0, CommPhase.MoveQuery, 0)).Wait();
            Assert.That(RankMemory.FirstWrong(few.Slice(10 * (1 - c.Rank), 10), 1 - c.Rank, salt: step), Is.EqualTo(-1));
            CommRegion sum = memory.Of([1, c.Rank]);
            c.AllReduce(sum, Reduction.Sum, new CommTag((uint)step, 0, CommPhase.TensorReduce, 0)).Wait();
            Assert.That(RankMemory.Read(sum).ToArray(), Is.EqualTo(new float[] { 2, 1 }));
        }
    }
}
