using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>How ranks find each other, and who is turned away.</summary>
[TestFixture]
internal sealed class TcpStartTests
{
    private const string Secret = "sixteen bytes or more";
    private static readonly CommTag Tag = new(1, 0, CommPhase.Check, 0);

    [Test]
    public void Strangers_AtTheDoor_AreTurnedAwayAndTheRanksStart()
    {
        using Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        TcpOptions options = TcpCluster.Options(0, 2, TcpCluster.Port(listener)) with { Secret = Secret };
        Exception?[] outcomes = new Exception?[2];
        Thread zero = Rank(options, listener, outcomes);

        using Socket silent = Call(options.Port);
        using Socket speaksHttp = Call(options.Port);
        speaksHttp.Send("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: everything at all\r\n\r\n"u8);
        using Socket knowsNothing = Call(options.Port);
        StartDeadline patience = new(TimeSpan.FromSeconds(20));
        bool answered = TcpHandshake.Connect(knowsNothing, TcpHandshake.KeyOf("another one, as long"), 1, 2, patience, out bool isStranger) is not null;
        using Socket replays = Call(options.Port);
        bool replayed = ReplayOwnProof(replays);

        Thread one = Rank(options with { Rank = 1 }, null, outcomes);
        Assert.That(zero.Join(TimeSpan.FromSeconds(30)) && one.Join(TimeSpan.FromSeconds(30)), Is.True, "The ranks hang.");
        Assert.That(outcomes, Is.All.Null);
        Assert.That(answered, Is.False);
        Assert.That(isStranger, Is.True);
        Assert.That(replayed, Is.False);
        Assert.That(speaksHttp.Receive(new byte[100], SocketFlags.None, out _), Is.Zero, "Not a byte for who does not greet.");
    }

    [Test]
    public void Bytes_BeforeTheProof_AreNotReadBeyondTheGreeting()
    {
        using Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        using Socket caller = Call(TcpCluster.Port(listener));
        using Socket door = listener.Accept();
        byte[] greeting = new byte[TcpHandshake.GreetingBytes];
        "LCTCP\0\0\u0001"u8.CopyTo(greeting);
        byte[] more = new byte[10_000];
        caller.Send([.. greeting, .. more]);
        StartDeadline patience = new(TimeSpan.FromSeconds(10));

        Assert.That(TcpHandshake.Accept(door, TcpHandshake.KeyOf(Secret), 0, 2, patience), Is.Null);
        int unread = 0;
        byte[] rest = new byte[20_000];
        for (int count; unread < more.Length - 32 && (count = door.Receive(rest)) > 0;)
        {
            unread += count;
        }

        Assert.That(unread, Is.EqualTo(more.Length - 32), "Greeting and proof were read, and nothing else.");
    }

    [Test]
    public void Listener_OnTheDefaultAddress_IsReachedFromThisMachineOnly()
    {
        int port = FreePort();
        Exception?[] outcomes = new Exception?[1];
        TcpOptions options = TcpCluster.Options(0, 2, port, new() { StartDeadline = TimeSpan.FromSeconds(1.5) });
        Thread zero = Rank(options, null, outcomes);
        Stopwatch watch = Stopwatch.StartNew();
        IPEndPoint[] listening = [];
        while (listening.Length == 0 && watch.Elapsed < TimeSpan.FromSeconds(10))
        {
            listening = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(e => e.Port == port)];
        }

        Assert.That(listening, Is.Not.Empty.And.All.Matches<IPEndPoint>(e => IPAddress.IsLoopback(e.Address)));
        foreach (IPAddress address in Dns.GetHostAddresses(Dns.GetHostName()).Where(a => !IPAddress.IsLoopback(a)))
        {
            using Socket caller = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            Assert.That(() => caller.Connect(address, port), Throws.InstanceOf<SocketException>(), address.ToString());
        }

        zero.Join();
        CommunicatorFault fault = ((CommunicatorException)outcomes[0]!).Fault;
        Assert.That(fault.Kind, Is.EqualTo(FaultKind.DeadlineExceeded));
        Assert.That(fault.Message, Does.Contain("rank 1").IgnoreCase.And.Contain("1.5 s"));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1.5 + 5)));
    }

    [Test]
    public void RankZero_ThatNeverComes_IsNamedAtTheDeadline()
    {
        TcpOptions options = TcpCluster.Options(1, 2, FreePort(), new() { StartDeadline = TimeSpan.FromMilliseconds(300) });

        CommunicatorException thrown = Assert.Throws<CommunicatorException>(() => TcpCommunicator.Create(options))!;
        Assert.That(thrown.Fault.Kind, Is.EqualTo(FaultKind.DeadlineExceeded));
        Assert.That(thrown.Fault.SuspectedRank, Is.Zero);
        Assert.That(thrown.Message, Does.Contain("rank 0 at 127.0.0.1"));
    }

    [Test]
    public void SomethingElse_ThatListensThere_IsNoRank()
    {
        using Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        Thread server = new(() =>
        {
            try
            {
                while (true)
                {
                    using Socket guest = listener.Accept();
                    guest.Send("220 mail.example.org ESMTP: welcome, whoever you are, and please say who\r\n"u8);
                }
            }
            catch (SocketException)
            {
                // The test is over.
            }
        });
        server.Start();
        TcpOptions options = TcpCluster.Options(1, 2, TcpCluster.Port(listener), new() { StartDeadline = TimeSpan.FromMilliseconds(500) });

        CommunicatorException thrown = Assert.Throws<CommunicatorException>(() => TcpCommunicator.Create(options))!;
        listener.Dispose();
        server.Join();
        Assert.That(thrown.Message, Does.Contain("no rank").Or.Contain("secret"));
    }

    [Test]
    public void Ranks_OverIPv6_FindEachOther()
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Ignore("No IPv6 here.");
        }

        Socket listener;
        try
        {
            listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException e)
        {
            Assert.Ignore($"No IPv6 here: {e.Message}");
            return;
        }

        Exception?[] outcomes = new Exception?[3];
        TcpOptions options = TcpCluster.Options(0, 3, TcpCluster.Port(listener)) with { Host = "::1" };
        Thread[] ranks = [.. Enumerable.Range(0, 3).Select(r => Rank(options with { Rank = r }, r == 0 ? listener : null, outcomes))];
        Assert.That(ranks.All(r => r.Join(TimeSpan.FromSeconds(30))), Is.True);
        Assert.That(outcomes, Is.All.Null);
    }

    private static Thread Rank(TcpOptions options, Socket? listener, Exception?[] outcomes)
    {
        Thread thread = new(() =>
        {
            try
            {
                using TcpCommunicator communicator = TcpCommunicator.Create(options, listener);
                communicator.Barrier(Tag).Wait();
            }
#pragma warning disable CA1031 // the outcome to look at
            catch (Exception e)
#pragma warning restore CA1031
            {
                outcomes[options.Rank] = e;
            }
        });
        thread.Start();
        return thread;
    }

    private static Socket Call(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Sends the listener's own greeting back as if it were a proof.</summary>
    private static bool ReplayOwnProof(Socket socket)
    {
        byte[] greeting = new byte[TcpHandshake.GreetingBytes];
        "LCTCP\0\0\u0001"u8.CopyTo(greeting);
        greeting[8] = 1;
        greeting[12] = 2;
        socket.Send(greeting);
        byte[] its = new byte[TcpHandshake.GreetingBytes];
        socket.Receive(its);
        socket.Send(its.AsSpan(16, 32));
        return socket.Receive(new byte[32], SocketFlags.None, out _) > 0;
    }

    private static int FreePort()
    {
        using Socket socket = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
        return TcpCluster.Port(socket);
    }
}
