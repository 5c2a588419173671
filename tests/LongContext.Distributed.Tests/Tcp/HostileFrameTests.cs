using System.Net;
using System.Net.Sockets;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Whatever a rank sends, another one gets a fault that names it, tells it so, and uses none of the bytes.</summary>
[TestFixture]
internal sealed class HostileFrameTests
{
    private static readonly byte[] CountsWithoutEnd = Changed(FakeRank.BarrierBody(), 40, 0xFF, 0xFF, 0xFF, 0x7F);
    private static readonly byte[] PayloadWithoutBytes = Changed(FakeRank.BarrierBody(), 44, 0x10, 0, 0, 0);

    private static IEnumerable<TestCaseData> Bad()
    {
        FrameHeader header = new(FrameKind.Announcement, CommVerb.Barrier, 0, 0, 0, FakeRank.Tag, 0);
        yield return Case("other magic", FaultKind.Corrupted, Changed(FakeRank.Barrier(0, 0), 0, 0x47));
        yield return Case("tag flipped", FaultKind.Corrupted, Changed(FakeRank.Barrier(0, 0), 16, 0x55));
        yield return Case("half a header", FaultKind.Truncated, FakeRank.Barrier(0, 0)[..17]);
        yield return Case("half a body", FaultKind.Truncated, FakeRank.Barrier(0, 0)[..50]);
        yield return Case("nothing", FaultKind.RankEnded, []);
        yield return Case("twice the same frame", FaultKind.Corrupted, [.. FakeRank.Barrier(0, 0), .. FakeRank.Barrier(0, 0)]);
        yield return Case("twice the same operation", FaultKind.Corrupted, [.. FakeRank.Barrier(0, 0), .. FakeRank.Barrier(0, 1)]);
        yield return Case("a frame left out", FaultKind.Corrupted, FakeRank.Barrier(0, 1));
        yield return Case("an operation left out", FaultKind.Corrupted, FakeRank.Barrier(1, 0));
        yield return Case("negative length", FaultKind.Corrupted, FakeRank.Frame(header with { Length = -1 }));
        yield return Case("length of 2 GiB", FaultKind.Corrupted, FakeRank.Frame(header with { Length = int.MaxValue }));
        yield return Case("payload of 2 GiB", FaultKind.Corrupted, FakeRank.Frame(header with { Kind = FrameKind.Payload, Length = int.MaxValue }));
        yield return Case("payload that is not due", FaultKind.Corrupted, FakeRank.Frame(header with { Kind = FrameKind.Payload }, new byte[100]));
        yield return Case("a kind that does not exist", FaultKind.Corrupted, FakeRank.Frame(header with { Kind = (FrameKind)77 }));
        yield return Case("a frame of the start", FaultKind.Corrupted, FakeRank.Frame(header with { Kind = FrameKind.Table }, new byte[60]));
        yield return Case("a verb that does not exist", FaultKind.Corrupted, FakeRank.Frame(header with { Verb = (CommVerb)99 }, FakeRank.BarrierBody()));
        yield return Case("counts beyond the frame", FaultKind.Corrupted, FakeRank.Barrier(0, 0, body: CountsWithoutEnd));
        yield return Case("payload beyond the frame", FaultKind.Corrupted, FakeRank.Barrier(0, 0, body: PayloadWithoutBytes));
        yield return Case("payload with a barrier", FaultKind.Corrupted, FakeRank.Barrier(0, 0, body: [.. PayloadWithoutBytes, .. new byte[16]]));
        yield return Case("an empty announcement", FaultKind.Corrupted, FakeRank.Barrier(0, 0, body: []));
        yield return Case("a fault of no words", FaultKind.Corrupted, FakeRank.Frame(header with { Kind = FrameKind.Fault }, 1, 2, 3));
        yield return Case("operations far ahead", FaultKind.Corrupted, [.. Enumerable.Range(0, 70).SelectMany(i => FakeRank.Barrier((uint)i, (uint)i))]);
        yield return Case(
            "groups that were never made", FaultKind.Corrupted,
            [.. Enumerable.Range(0, 5000).SelectMany(i => FakeRank.Barrier(0, (uint)i, communicator: 1 + (uint)i))]);
        yield return Case(
            "operations after the end", FaultKind.Corrupted,
            [.. FakeRank.Barrier(0, 0), .. FakeRank.Frame(header with { Kind = FrameKind.Close, Sequence = 1, Frame = 1 }), .. FakeRank.Barrier(1, 2)]);
    }

    [TestCaseSource(nameof(Bad))]
    public void Frame_ThatCannotBe_IsAFaultOfBothRanks(FaultKind kind, byte[] bytes)
    {
        CommunicatorFault fault = RunAgainst(fake =>
        {
            fake.Send(bytes);
            fake.EndSending();
        }, out CommunicatorFault? told);

        Assert.That(fault.Kind, Is.EqualTo(kind), fault.Message);
        Assert.That(fault.SuspectedRank, Is.EqualTo(1));
        Assert.That(fault.Message, Does.Contain("rank 1").And.Contain("Barrier"), "Names the rank and the operation.");
        Assert.That(told, Is.EqualTo(fault), "Rank 0 tells rank 1 before it goes.");
    }

    [Test]
    public void Fault_OfAnotherRank_IsPassedOn()
    {
        CommunicatorFault sent = new(FaultKind.TransportError, 1, 0, 12345678901, FakeRank.Tag, "Größer als gedacht.");
        CommunicatorFault fault = RunAgainst(
            fake => fake.Send(FakeRank.Frame(new FrameHeader(FrameKind.Fault, default, 0, 0, 99, default, 0), FaultFrame.Encode(sent))), out _);

        Assert.That(fault, Is.EqualTo(sent));
    }

    /// <summary>Rank 0 starts a barrier that never completes, since rank 1 does what the test says.</summary>
    private static CommunicatorFault RunAgainst(Action<FakeRank> rankOne, out CommunicatorFault? told)
    {
        using Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        TcpOptions options = TcpCluster.Options(0, 2, TcpCluster.Port(listener), new() { OperationDeadline = TimeSpan.FromSeconds(20) });
        CommunicatorException? thrown = null;
        using ManualResetEventSlim waits = new();
        Thread rankZero = new(() =>
        {
            using TcpCommunicator communicator = TcpCommunicator.Create(options, listener);
            try
            {
                CommOperation barrier = communicator.Barrier(FakeRank.Tag);
                waits.Set();
                barrier.Wait(); // completes where what is wrong comes after the first announcement
                communicator.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(20));
                communicator.Barrier(FakeRank.Tag);
            }
            catch (CommunicatorException e)
            {
                thrown = e;
            }
        });
        rankZero.Start();
        using (FakeRank fake = new(options))
        {
            waits.Wait(TimeSpan.FromSeconds(20));
            rankOne(fake);
            told = fake.ReadToTheEnd();
        }

        Assert.That(rankZero.Join(TimeSpan.FromSeconds(30)), Is.True, "Rank 0 hangs.");
        Assert.That(thrown, Is.Not.Null, "Rank 0 noticed nothing.");
        return thrown!.Fault;
    }

    private static TestCaseData Case(string name, FaultKind kind, byte[] bytes) => new TestCaseData(kind, bytes).SetArgDisplayNames(name);

    private static byte[] Changed(byte[] bytes, int at, params byte[] by)
    {
        byte[] copy = [.. bytes];
        by.CopyTo(copy, at);
        return copy;
    }
}
