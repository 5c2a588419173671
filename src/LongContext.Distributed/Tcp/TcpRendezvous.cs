using System.Net;
using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Brings the ranks together: all connect to rank 0, which tells each where the others are; then each connects to those before it.</summary>
internal static class TcpRendezvous
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Joins; <paramref name="listener"/> is rank 0's if it listens already.</summary>
    /// <returns>What the ranks run on, and a connection to each of them but this.</returns>
    /// <exception cref="CommunicatorException">They did not come together.</exception>
    internal static (CommunicatorInfo Info, IReadOnlyList<Socket?> Sockets) Join(TcpOptions options, Socket? listener)
    {
        IPEndPoint meeting = options.Validate();
        byte[] key = TcpHandshake.KeyOf(options.Secret);
        StartDeadline deadline = new(options.Communicator.StartDeadline);
        Socket?[] sockets = new Socket?[options.Size];
        try
        {
            RankAddress[] places = options.Size == 1
                ? [new RankAddress(meeting.Address, 0, Environment.MachineName)]
                : options.Rank == 0
                    ? Gather(options, key, listener ?? Listen(meeting), deadline, sockets)
                    : Visit(options, key, meeting, deadline, sockets);
            CommunicatorInfo info = new(
                "tcp", "", [.. places.Select(p => p.Host)], [.. Enumerable.Range(0, options.Size)], [MemoryPlace.Host]);
            return (info, sockets);
        }
        catch
        {
            Array.ForEach(sockets, s => s?.Dispose());
            throw;
        }
    }

    /// <summary>A fault of the start, before there are operations.</summary>
    internal static CommunicatorException Fault(FaultKind kind, int rank, int suspected, string message) => new(
        new CommunicatorFault(kind, rank, suspected, 0, default, char.ToUpperInvariant(message[0]) + message[1..] + "."));

    private static Socket Listen(IPEndPoint place)
    {
        try
        {
            return TcpAcceptor.NewListener(place);
        }
        catch (SocketException e)
        {
            throw new CommunicatorException(
                Fault(FaultKind.TransportError, 0, Communicator.NoRank, $"rank 0 cannot listen at {place}: {e.Message}").Fault, e);
        }
    }

    /// <summary>Rank 0: waits for all, compares their options, and tells each where the others are. A failure is told to those that have come.</summary>
    private static RankAddress[] Gather(TcpOptions options, byte[] key, Socket listener, StartDeadline deadline, Socket?[] sockets)
    {
        IPAddress address = ((IPEndPoint)listener.LocalEndPoint!).Address;
        using TcpAcceptor acceptor = new(options, key, listener);
        try
        {
            acceptor.WaitForAll(deadline).CopyTo(sockets, 0);
            RankAddress[] places = new RankAddress[options.Size];
            places[0] = new RankAddress(address, 0, Environment.MachineName);
            for (int rank = 1; rank < options.Size; rank++)
            {
                places[rank] = ReadHello(options, rank, sockets[rank]!, deadline);
            }

            byte[] table = [.. places.SelectMany(p => p.Encode())];
            for (int rank = 1; rank < options.Size; rank++)
            {
                if (!BlockingStream.TryWriteFrame(sockets[rank]!, FrameKind.Table, table, deadline))
                {
                    throw Fault(FaultKind.RankEnded, 0, rank, $"rank {rank} has ended while the ranks came together");
                }
            }

            return places;
        }
        catch (CommunicatorException e)
        {
            StartDeadline moment = new(TimeSpan.FromSeconds(1));
            foreach (Socket socket in acceptor.Come())
            {
                BlockingStream.TryWriteFrame(socket, FrameKind.Fault, FaultFrame.Encode(e.Fault), moment);
                socket.Dispose();
            }

            throw;
        }
    }

    private static RankAddress ReadHello(TcpOptions options, int rank, Socket socket, StartDeadline deadline)
    {
        if (BlockingStream.ReadFrame(socket, RankHello.MostBytes, deadline) is not (FrameKind.Hello, { } body))
        {
            throw Fault(FaultKind.RankEnded, 0, rank, $"rank {rank} has ended, or stayed silent, while the ranks came together");
        }

        return RankHello.Decode(body, options, rank, out string problem) ?? throw Fault(FaultKind.ConfigurationMismatch, 0, rank, problem);
    }

    /// <summary>Another rank: says hello to rank 0, then connects to the ranks before this one while those after it connect here.</summary>
    private static RankAddress[] Visit(TcpOptions options, byte[] key, IPEndPoint meeting, StartDeadline deadline, Socket?[] sockets)
    {
        sockets[0] = Connect(options, key, 0, meeting, deadline);
        IPAddress address = ((IPEndPoint)sockets[0]!.LocalEndPoint!).Address; // what the others can reach, and loopback if that is all
        using TcpAcceptor acceptor = new(options, key, TcpAcceptor.NewListener(new IPEndPoint(address, 0)));
        byte[] hello = RankHello.Encode(options, new RankAddress(address, acceptor.Port, Environment.MachineName));
        RankAddress[] places = BlockingStream.TryWriteFrame(sockets[0]!, FrameKind.Hello, hello, deadline)
            ? ReadTable(options, sockets[0]!, new StartDeadline(deadline.Left + Grace)) // at the deadline rank 0 says why
            : throw RankZeroEnded(options);
        for (int rank = 1; rank < options.Rank; rank++)
        {
            sockets[rank] = Connect(options, key, rank, new IPEndPoint(places[rank].Address, places[rank].Port), deadline);
        }

        Socket?[] later = acceptor.WaitForAll(deadline);
        Array.Copy(later, options.Rank + 1, sockets, options.Rank + 1, options.Size - options.Rank - 1);
        return places;
    }

    private static RankAddress[] ReadTable(TcpOptions options, Socket socket, StartDeadline deadline)
    {
        int most = Math.Max(FaultFrame.MostBytes, options.Size * RankAddress.MostBytes);
        (FrameKind Kind, byte[] Body) frame = BlockingStream.ReadFrame(socket, most, deadline) ?? throw RankZeroEnded(options);
        if (frame.Kind == FrameKind.Fault && FaultFrame.Decode(frame.Body) is { } fault)
        {
            throw new CommunicatorException(fault);
        }

        ReadOnlySpan<byte> rest = frame.Body;
        RankAddress[] places = new RankAddress[options.Size];
        for (int rank = 0; rank < options.Size; rank++)
        {
            places[rank] = (frame.Kind == FrameKind.Table ? RankAddress.Decode(ref rest) : null)
                ?? throw Fault(FaultKind.Corrupted, options.Rank, 0, "rank 0 said where the ranks are in a way that this version does not understand");
        }

        return places;
    }

    private static CommunicatorException RankZeroEnded(TcpOptions options) => Fault(
        FaultKind.RankEnded, options.Rank, 0, $"rank 0 has ended, or stayed silent, while rank {options.Rank} waited for it at the start");

    /// <summary>Connects to a rank, again and again until it listens or the time has passed.</summary>
    private static Socket Connect(TcpOptions options, byte[] key, int rank, IPEndPoint place, StartDeadline deadline)
    {
        string last = "it does not listen";
        while (!deadline.HasPassed)
        {
            Socket socket = new(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using CancellationTokenSource limit = new(deadline.Left);
                socket.ConnectAsync(place, limit.Token).AsTask().GetAwaiter().GetResult();
                if (TcpHandshake.Connect(socket, key, options.Rank, options.Size, deadline, out bool isStranger) is { } its)
                {
                    CheckPeer(options, rank, its);
                    return socket;
                }

                if (isStranger)
                {
                    throw Fault(
                        FaultKind.ConfigurationMismatch, options.Rank, rank,
                        $"rank {options.Rank} was turned away by rank {rank} at {place}: the two do not know the same secret ({TcpOptions.SecretVariable})");
                }

                last = "what listens there is no rank";
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                last = e is SocketException ? e.Message : "it does not answer";
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
            Thread.Sleep(RetryPause);
        }

        throw Fault(
            FaultKind.DeadlineExceeded, options.Rank, rank,
            $"rank {options.Rank} of {options.Size} cannot reach rank {rank} at {place} within {deadline.All.TotalSeconds:0.###} s: {last}");
    }

    private static void CheckPeer(TcpOptions options, int rank, (int Rank, int Size) its)
    {
        if (its.Size != options.Size)
        {
            throw Fault(
                FaultKind.ConfigurationMismatch, options.Rank, rank,
                $"ranks were started with different settings: Size is '{its.Size}' on rank {rank}, but '{options.Size}' on rank {options.Rank}");
        }

        if (its.Rank != rank)
        {
            throw Fault(FaultKind.ConfigurationMismatch, options.Rank, rank, $"rank {its.Rank} answers where rank {rank} should");
        }
    }
}
