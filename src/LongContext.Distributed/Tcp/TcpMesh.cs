using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>One rank's connections to all others, the communicators on them, and the lock around both.</summary>
/// <remarks>The lock is never taken under a link's. Bytes move without it.</remarks>
internal sealed class TcpMesh
{
    private const int MostGroups = 1024;
    private const int MostEarlyFrames = 4096;
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);

    private readonly TcpLink?[] _links;
    private readonly bool[] _ended;
    private readonly Dictionary<uint, TcpGroup> _groups = [];
    private readonly List<(int Peer, EarlyFrame Frame)> _early = []; // for groups that this rank has yet to make
    private readonly List<CommBuffer> _scratch = [];
    private readonly FaultLatch _latch;
    private readonly CommunicatorOptions _options;
    private bool _closed;

    /// <param name="rank">This rank.</param>
    /// <param name="world">All ranks.</param>
    /// <param name="options">What they were made with.</param>
    /// <param name="sockets">[size]: a connection to each other rank; null for this one.</param>
    internal TcpMesh(int rank, CommunicatorInfo world, TcpOptions options, IReadOnlyList<Socket?> sockets)
    {
        (Rank, World, _options, _latch) = (rank, world, options.Communicator, new FaultLatch(OnFirstFault));
        (Deadline, Checksums) = (options.Communicator.OperationDeadline, options.Agreement == AgreementCheck.HeadersAndChecksums);
        _links = [.. sockets.Select((s, peer) => s is null ? null : new TcpLink(this, peer, s))];
        _ended = new bool[Size];
        Root = new TcpGroup(this, 0, world, rank, [.. Enumerable.Range(0, Size)]);
        _groups.Add(0, Root);
    }

    internal object Gate { get; } = new();

    internal int Rank { get; }

    internal int Size => World.Hosts.Count;

    internal CommunicatorInfo World { get; }

    internal TimeSpan Deadline { get; }

    /// <summary>Whether bodies carry a checksum.</summary>
    internal bool Checksums { get; }

    /// <summary>The communicator of all ranks.</summary>
    internal TcpGroup Root { get; }

    /// <summary>Keeps the first fault.</summary>
    internal FaultLatch Latch => _latch;

    internal bool IsFaulted => _latch.Fault is not null;

    /// <summary>How long a wait may be before a line says who is late.</summary>
    internal TimeSpan SlowRankWarning => _options.SlowRankWarning;

    internal void Start()
    {
        if (_options.OnFault == FaultAction.EndProcess)
        {
            AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        }

        foreach (TcpLink? link in _links)
        {
            link?.Start();
        }
    }

    /// <summary>Null for this rank itself.</summary>
    internal TcpLink? LinkTo(int worldRank) => _links[worldRank];

    /// <summary>Whether a rank has said that it is done with everything.</summary>
    internal bool HasEnded(int worldRank) => _ended[worldRank];

    /// <summary>Makes this rank's end of a group.</summary>
    internal TcpGroup AddGroup(uint parent, ulong sequence, CommunicatorInfo info, int rank, int[] world)
    {
        Span<byte> name = stackalloc byte[sizeof(uint) + sizeof(ulong)];
        BitConverter.TryWriteBytes(name, parent);
        BitConverter.TryWriteBytes(name[sizeof(uint)..], sequence);
        uint id = Crc32C.Of(name); // two ranks share at most one group of a split
        lock (Gate)
        {
            TcpGroup group = new(this, id, info, rank, world);
            if (id == 0 || _groups.Count >= MostGroups || !_groups.TryAdd(id, group))
            {
                Fail(TcpFaults.OfLink(
                    FaultKind.TransportError, this, Communicator.NoRank, null,
                    $"no number is left for another group after {_groups.Count}; split once and keep the groups"));
            }

            foreach ((int peer, EarlyFrame frame) in _early.Where(e => e.Frame.Header.Communicator == id).ToList())
            {
                if (group.OnFrame(peer, frame.Header, frame.Body) is { } problem)
                {
                    FailLink(peer, FaultKind.Corrupted, problem);
                }
            }

            _early.RemoveAll(e => e.Frame.Header.Communicator == id);
            return group;
        }
    }

    /// <summary>A small frame has come.</summary>
    internal void OnFrame(TcpLink link, in FrameHeader header, ReadOnlySpan<byte> body)
    {
        lock (Gate)
        {
            if (IsFaulted)
            {
                return;
            }

            string? problem = null;
            if (header.Kind == FrameKind.Fault)
            {
                CommunicatorFault? fault = FaultFrame.Decode(body);
                Fail(fault ?? TcpFaults.OfLink(FaultKind.Corrupted, this, link.Peer, Current(), $"rank {link.Peer} reports a fault that is not well-formed"));
            }
            else if (header.Kind == FrameKind.Waiting)
            {
                return; // that it came is all it says
            }
            else if (_groups.TryGetValue(header.Communicator, out TcpGroup? group))
            {
                problem = group.OnFrame(link.Peer, header, body);
                _ended[link.Peer] |= header is { Kind: FrameKind.Close, Communicator: 0 };
            }
            else if (_early.Count < MostEarlyFrames)
            {
                EarlyFrame frame = new();
                frame.Keep(header, body);
                _early.Add((link.Peer, frame));
            }
            else
            {
                problem = $"{_early.Count} frames came for groups that were never made";
            }

            if (problem is not null)
            {
                FailLink(link.Peer, FaultKind.Corrupted, problem);
            }
        }
    }

    /// <summary>Finds where a piece of payload goes.</summary>
    /// <returns>False if nothing of the kind is due. True without an operation: there is a fault, and nobody wants it.</returns>
    internal bool TryExpect(TcpLink link, in FrameHeader header, int length, out TcpOperation? operation, out nint address, out string problem)
    {
        (operation, address, problem) = (null, 0, "");
        lock (Gate)
        {
            if (IsFaulted)
            {
                return true;
            }

            problem = _groups.TryGetValue(header.Communicator, out TcpGroup? group)
                ? group.Expect(link.Peer, header, length, out operation, out address) ?? ""
                : $"payload came for communicator {header.Communicator}, which does not exist";
            return problem.Length == 0;
        }
    }

    /// <summary>A piece of payload is where it belongs.</summary>
    internal void OnReceived(TcpLink link, TcpOperation operation, int length)
    {
        lock (Gate)
        {
            if (!IsFaulted)
            {
                operation.Group.OnReceived(link.Peer, operation, length);
            }
        }
    }

    /// <summary>All of a block has been sent.</summary>
    internal void OnSent(TcpLink link, TcpOperation operation)
    {
        lock (Gate)
        {
            if (!IsFaulted)
            {
                operation.Group.OnSent(link.Peer, operation);
            }
        }
    }

    /// <summary>A link brought bytes that make no sense.</summary>
    internal void OnCorrupted(TcpLink link, string problem) => FailLink(link.Peer, FaultKind.Corrupted, problem);

    /// <summary>A connection has ended: well if the other rank said so before.</summary>
    internal void OnEnded(TcpLink link, bool isInsideFrame, SocketError error)
    {
        lock (Gate)
        {
            if (_closed || _ended[link.Peer])
            {
                return;
            }

            if (isInsideFrame && error == SocketError.Success)
            {
                FailLink(link.Peer, FaultKind.Truncated, "the connection ended inside a frame");
            }
            else
            {
                string how = error == SocketError.Success ? "its connection was closed" : $"its connection broke: {error}";
                Fail(TcpFaults.OfLink(
                    FaultKind.RankEnded, this, link.Peer, Current(), $"{World.Describe(link.Peer)} has ended without a word ({how})"));
            }
        }
    }

    /// <summary>Faults over what a connection brought.</summary>
    internal void FailLink(int peer, FaultKind kind, string what)
    {
        lock (Gate)
        {
            Fail(TcpFaults.OfLink(kind, this, peer, Current(), $"what came from {World.Describe(peer)} cannot be used: {what}"));
        }
    }

    /// <summary>Tells all ranks that this one is alive, and waits.</summary>
    internal void TellWaiting()
    {
        foreach (TcpLink? link in _links)
        {
            link?.Queue(new FrameHeader(FrameKind.Waiting, default, 0, 0, 0, default, 0), []);
            link?.Push();
        }
    }

    /// <summary>Sets the first fault and tells all ranks.</summary>
    internal void Fail(CommunicatorFault fault)
    {
        lock (Gate)
        {
            _latch.TrySet(fault);
        }
    }

    /// <summary>Throws the fault if there is one, once nothing touches the caller's memory any more. Call without the lock.</summary>
    internal void ThrowIfFaulted()
    {
        if (!IsFaulted)
        {
            return;
        }

        WaitForTheEnd();
        Quiesce();
        _latch.ThrowIfFaulted();
    }

    /// <summary>Ends everything: says so to all ranks and waits until that is sent.</summary>
    internal void Close()
    {
        lock (Gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        WaitForTheEnd();
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        foreach (TcpLink? link in _links)
        {
            link?.Finish();
        }

        foreach (TcpLink? link in _links)
        {
            link?.WaitUntilSent(LastWord);
        }

        Quiesce();
        _scratch.ForEach(b => b.Dispose());
    }

    /// <summary>Memory for a reduction; the mesh keeps it for the next.</summary>
    internal CommBuffer RentScratch(long byteCount)
    {
        for (int i = 0; i < _scratch.Count; i++)
        {
            CommBuffer buffer = _scratch[i];
            if (buffer.ByteCount >= byteCount)
            {
                _scratch.RemoveAt(i);
                return buffer;
            }
        }

        return new CommBuffer(byteCount);
    }

    /// <summary>Takes memory back, in ascending order: the smallest that fits is rented next.</summary>
    internal void ReturnScratch(CommBuffer buffer)
    {
        int place = 0;
        while (place < _scratch.Count && _scratch[place].ByteCount < buffer.ByteCount)
        {
            place++;
        }

        _scratch.Insert(place, buffer);
    }

    private TcpOperation? Current() => Root.Oldest ?? _groups.Values.Select(g => g.Oldest).FirstOrDefault(o => o is not null) ?? Root.Latest;

    /// <summary>Tells all ranks of the fault, and sends them nothing more; then ends the process if that is wanted.</summary>
    private void OnFirstFault(CommunicatorFault fault)
    {
        lock (Gate)
        {
            byte[] body = FaultFrame.Encode(fault);
            foreach (TcpLink? link in _links)
            {
                link?.FinishWith(new FrameHeader(FrameKind.Fault, default, 0, 0, 0, fault.Tag, 0), body);
            }

            Monitor.PulseAll(Gate);
        }

        if (_options.OnFault == FaultAction.EndProcess)
        {
            new Thread(() => EndProcess(fault)) { IsBackground = true, Name = $"rank {Rank} ends" }.Start();
            if (!Monitor.IsEntered(Gate))
            {
                WaitForTheEnd();
            }
        }
    }

    /// <summary>Gives the last word a moment to arrive, and to be read: a process that ends cuts its connections.</summary>
    private void EndProcess(CommunicatorFault fault)
    {
        foreach (TcpLink? link in _links)
        {
            link?.WaitUntilSent(LastWord / 4);
        }

        StartDeadline moment = new(LastWord / 4);
        foreach (TcpLink? link in _links)
        {
            link?.WaitUntilEnded(moment.Left);
        }

        FailStop.End(Rank, Size, fault);
    }

    /// <summary>Where a fault ends the process, no call returns after one.</summary>
    private void WaitForTheEnd()
    {
        if (IsFaulted && _options.OnFault == FaultAction.EndProcess)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        FailStop.Report(
            $"rank {Rank} of {Size} (host {Environment.MachineName}): the process ended without disposing its communicator; exit {FailStop.NotClosed}");
        FailStop.EndNow(FailStop.NotClosed);
    }

    private void Quiesce()
    {
        lock (Gate)
        {
            while (_groups.Values.Any(g => g.IsReducing))
            {
                Monitor.Wait(Gate, 20);
            }
        }

        foreach (TcpLink? link in _links)
        {
            link?.Quiesce();
        }
    }
}
