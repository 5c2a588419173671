using System.Collections.Concurrent;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>A duplicate of MPI's world and all that happens on it: the groups, their operations, and the messages between this rank and the others.</summary>
/// <remarks>
/// Every exchange begins with an offer to each rank that it concerns, which says what was started; short blocks go with it. A long block
/// waits until its receiver has compared the offer with what it started itself, and says that it is ready. So ranks that diverge hear
/// of it, and no rank touches memory of an operation that the other end has not started. All members run on the communication thread,
/// but for the few that say otherwise.
/// </remarks>
internal sealed partial class MpiWorld
{
    private const int FirstDataTag = 16, DataTags = 16_000; // MPI promises tags up to 32,767

    private readonly ConcurrentQueue<IMpiWork> _work = new();
    private readonly ConcurrentDictionary<ulong, MpiGroup> _groups = new();
    private readonly List<ControlBuffer> _homeless = []; // for groups that this rank has not made yet
    private readonly List<MpiTransfer> _transfers = [];
    private readonly Stack<MpiTransfer> _idleTransfers = [];
    private readonly MpiPost _post;
    private int _dataTag;
    private int _active; // operations started and not complete
    private int _waiting;

    internal MpiWorld(MpiProcess process, CommunicatorOptions options, nint handle, CommunicatorInfo info, int rank, MpiRequests requests)
    {
        (Process, Options, Handle, Api, Requests) = (process, options, handle, process.Api, requests);
        Latch = new FaultLatch(OnFirstFault);
        Root = new MpiGroup(this, null, 0, info, rank);
        _hasTold = new bool[info.Hosts.Count];
        _answers = [.. Enumerable.Repeat(NotAsked, info.Hosts.Count)];
        _post = new MpiPost(Api, requests, handle, info.Hosts.Count, Deliver);
        _groups[Root.Id] = Root;
        foreach (int peer in Peers)
        {
            _post.Expect(peer);
        }
    }

    internal MpiProcess Process { get; }

    internal CommunicatorOptions Options { get; }

    internal MpiApi Api { get; }

    internal nint Handle { get; }

    internal MpiRequests Requests { get; }

    internal ScratchPool Scratch { get; } = new();

    /// <summary>Keeps the first fault. Any thread.</summary>
    internal FaultLatch Latch { get; }

    /// <summary>The group of all ranks.</summary>
    internal MpiGroup Root { get; }

    /// <summary>Bytes are moving, or operations wait for others.</summary>
    internal bool IsBusy => _transfers.Count > 0 || _post.Sending > 0 || _active > 0;

    /// <summary>The rank's thread has handed over something. Any thread.</summary>
    internal bool HasWork => !_work.IsEmpty;

    private IEnumerable<int> Peers => Enumerable.Range(0, Root.Size).Where(r => r != Root.Rank);

    /// <summary>Hands work to the communication thread. Any thread.</summary>
    internal void Submit(IMpiWork work)
    {
        _work.Enqueue(work);
        Process.Wake();
    }

    /// <summary>One round of the communication thread.</summary>
    /// <returns>Whether anything happened.</returns>
    internal bool Poll()
    {
        bool any = false;
        try
        {
            while (_work.TryDequeue(out IMpiWork? work))
            {
                any = true;
                work.Execute();
            }

            any |= Requests.Poll();
        }
        catch (MpiErrorException e)
        {
            FailTransport(e);
        }

        AfterFault();
        return any;
    }

    /// <summary>Starts an operation that the rank's thread has filled in.</summary>
    internal void Begin(MpiOperation operation)
    {
        operation.Group.Next = operation.Sequence + 1;
        _active++;
        if (Latch.Fault is null)
        {
            BeginHalf(operation);
        }
    }

    /// <summary>A transfer has ended, whole or given up.</summary>
    internal void EndTransfer(MpiTransfer transfer, bool isWhole)
    {
        _transfers.Remove(transfer);
        _idleTransfers.Push(transfer);
        if (isWhole)
        {
            transfer.Operation.BlockDone(transfer.Peer);
            Advance(transfer.Operation);
        }
    }

    private void BeginHalf(MpiOperation operation)
    {
        MpiGroup group = operation.Group;
        operation.Start();
        if (!operation.Head.Fits(group.Rank, operation.Head, group.Rank))
        {
            FailDiverged(operation, group.Rank, operation.Describe()); // sends to itself and does not receive, or the reverse
            return;
        }

        for (int i = 1; i < group.Size; i++)
        {
            int peer = (group.Rank + i) % group.Size; // not all ranks send to the same one first
            if (operation.Concerns(peer))
            {
                if (group.HasEnded(peer) && !HasOffered(operation, peer))
                {
                    FailEnded(operation, peer);
                    return;
                }

                Offer(operation, peer);
            }
        }

        for (int i = 0; i < group.Early.Count && Latch.Fault is null;)
        {
            ControlBuffer buffer = group.Early[i];
            if (!IsFor(buffer, operation))
            {
                i++;
                continue;
            }

            group.Early.RemoveAt(i);
            Accept(operation, group.RankOf(buffer.Peer), buffer);
            _post.Recycle(buffer);
        }

        Advance(operation);
    }

    private static bool HasOffered(MpiOperation operation, int peer) =>
        operation.Group.Early.Exists(b => IsFor(b, operation) && b.Peer == operation.Group.World[peer]);

    private static bool IsFor(ControlBuffer buffer, MpiOperation operation) =>
        buffer.Header.Sequence == operation.Sequence && buffer.Header.Stage == operation.Stage;

    private unsafe void Offer(MpiOperation operation, int peer)
    {
        CommRegion block = operation.Outgoing(peer);
        ControlBuffer buffer = _post.Take(operation.Group.World[peer]);
        ref ControlHeader header = ref buffer.Header;
        header.Kind = ControlKind.Offer;
        header.Stage = (byte)operation.Stage;
        (header.Group, header.Sequence, header.Head) = (operation.Group.Id, operation.Sequence, operation.Head);
        header.BlockBytes = block.ByteCount;
        header.PayloadBytes = block.ByteCount <= ControlBuffer.MostPayload ? (int)block.ByteCount : 0;
        ReadOnlySpan<long> counts = operation.Head.Verb == CommVerb.AllGather && operation.ReceiveCounts.Length <= ControlBuffer.MostCounts
            ? operation.ReceiveCounts
            : [];
        header.CountEntries = (ushort)counts.Length;
        counts.CopyTo(buffer.Counts);
        new ReadOnlySpan<byte>((void*)block.Address, header.PayloadBytes).CopyTo(buffer.Payload);
        _post.Send(buffer);
    }

    /// <summary>A control message has come. Keeps it, or gives it back.</summary>
    private void Deliver(ControlBuffer buffer)
    {
        bool kept = false;
        switch (buffer.Header.Kind)
        {
            case ControlKind.Offer:
                kept = DeliverOffer(buffer);
                break;
            case ControlKind.Ready:
                DeliverReady(buffer);
                break;
            case ControlKind.Goodbye:
                kept = DeliverGoodbye(buffer);
                break;
            case ControlKind.Ask:
                DeliverAsk(buffer);
                break;
            case ControlKind.Answer:
                DeliverAnswer(buffer);
                break;
            default:
                DeliverFault(buffer);
                break;
        }

        if (!kept)
        {
            _post.Recycle(buffer);
        }
    }

    private bool DeliverOffer(ControlBuffer buffer)
    {
        if (!_groups.TryGetValue(buffer.Header.Group, out MpiGroup? group))
        {
            _homeless.Add(buffer);
            return true;
        }

        if (group.IsClosed || Latch.Fault is not null)
        {
            return false;
        }

        MpiOperation? operation = buffer.Header.Sequence < group.Next ? group.Operation(buffer.Header.Sequence) : null;
        if (operation is null
            || (operation.Sequence == buffer.Header.Sequence && operation.Stage < buffer.Header.Stage && !operation.IsDone))
        {
            group.Early.Add(buffer);
            return true;
        }

        int peer = group.RankOf(buffer.Peer);
        if (operation.Sequence == buffer.Header.Sequence)
        {
            Accept(operation, peer, buffer);
            Advance(operation);
        }
        else
        {
            FailDiverged(group, buffer.Header, peer, buffer.Header.Head.Describe(buffer.Counts), "something that did not concern it, long ago");
        }

        return false;
    }

    /// <summary>Compares what a peer has started with what this rank has; then takes its block, or asks for it.</summary>
    private unsafe void Accept(MpiOperation operation, int peer, ControlBuffer buffer)
    {
        ref ControlHeader header = ref buffer.Header;
        if (operation.IsDone || !operation.Expects(peer) || !operation.Head.Fits(operation.Group.Rank, header.Head, peer))
        {
            FailDiverged(operation, peer, header.Head.Describe(buffer.Counts));
            return;
        }

        CommRegion block = operation.Incoming(peer);
        if (header.BlockBytes != block.ByteCount)
        {
            string block2 = $", {header.BlockBytes / block.ElementSize} of them for rank {operation.Group.Rank}, which expects {block.Count}";
            FailDiverged(operation, peer, header.Head.Describe(buffer.Counts) + block2);
            return;
        }

        operation.Offered(peer);
        if (header.BlockBytes <= ControlBuffer.MostPayload)
        {
            buffer.Payload.CopyTo(new Span<byte>((void*)block.Address, buffer.Payload.Length));
            operation.BlockDone(peer);
            return;
        }

        _dataTag = (_dataTag + 1) % DataTags;
        int tag = FirstDataTag + _dataTag;
        StartTransfer(operation, peer, block, tag, isIncoming: true);
        ControlBuffer ready = _post.Take(buffer.Peer);
        ready.Header.Kind = ControlKind.Ready;
        ready.Header.Stage = header.Stage;
        (ready.Header.Group, ready.Header.Sequence, ready.Header.DataTag) = (header.Group, header.Sequence, tag);
        _post.Send(ready);
    }

    private void DeliverReady(ControlBuffer buffer)
    {
        if (Latch.Fault is null && _groups.TryGetValue(buffer.Header.Group, out MpiGroup? group))
        {
            MpiOperation operation = group.Operation(buffer.Header.Sequence);
            int peer = group.RankOf(buffer.Peer);
            StartTransfer(operation, peer, operation.Outgoing(peer), buffer.Header.DataTag, isIncoming: false);
        }
    }

    private void StartTransfer(MpiOperation operation, int peer, CommRegion block, int tag, bool isIncoming)
    {
        MpiTransfer transfer = _idleTransfers.TryPop(out MpiTransfer? idle) ? idle : new MpiTransfer(this);
        _transfers.Add(transfer);
        transfer.Start(operation, peer, block, tag, isIncoming);
    }

    /// <summary>Goes on with an operation, if this half of it is done.</summary>
    private void Advance(MpiOperation operation)
    {
        if (!operation.IsDone && operation.IsHalfDone && Latch.Fault is null)
        {
            if (operation.FinishHalf())
            {
                BeginHalf(operation);
                return;
            }

            _active--;
            PulseWaiters();
        }
    }
}
