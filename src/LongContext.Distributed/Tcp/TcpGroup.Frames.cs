using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>What goes to other ranks and comes from them.</summary>
internal sealed unsafe partial class TcpGroup
{
    /// <summary>A small frame of rank <paramref name="worldRank"/> for this group.</summary>
    /// <returns>What is wrong with it, if something is.</returns>
    internal string? OnFrame(int worldRank, in FrameHeader header, ReadOnlySpan<byte> body)
    {
        int peer = Array.IndexOf(_world, worldRank);
        if (peer < 0 || peer == Rank || _closed[peer])
        {
            return $"a frame came for communicator {header.Communicator}, which its sender is not in";
        }

        if (header.Sequence != (uint)_announced[peer])
        {
            return $"operation {header.Sequence} was announced where {_announced[peer]} was due";
        }

        if (header.Kind == FrameKind.Close)
        {
            _closed[peer] = true;
            Monitor.PulseAll(_mesh.Gate);
            return null;
        }

        ulong sequence = _announced[peer]++;
        if (sequence < _begun)
        {
            TcpOperation operation = Operation(sequence);
            string? problem = Hear(operation, peer, header, body);
            Advance(operation);
            return problem;
        }

        if (sequence - _begun >= Window)
        {
            return $"operation {sequence} was announced, {sequence - _begun} ahead";
        }

        ref EarlyFrame? early = ref _early[peer, sequence % Window];
        early ??= new EarlyFrame();
        early.Keep(header, body);
        return null;
    }

    /// <summary>Where a piece of payload goes.</summary>
    /// <returns>What is wrong with it, if something is.</returns>
    internal string? Expect(int worldRank, in FrameHeader header, int length, out TcpOperation? operation, out nint address)
    {
        int peer = Array.IndexOf(_world, worldRank);
        operation = Operation(header.Sequence);
        (address, long left) = peer < 0 ? default : operation.Expected(peer);
        bool isOurs = peer >= 0 && (uint)operation.Sequence == header.Sequence && header.Verb == operation.Own.Verb && header.Tag == operation.Own.Tag;
        return isOurs && length <= left
            ? null
            : $"{length} bytes of payload came for operation {header.Sequence}, {header.Verb} ({header.Tag}), where {(isOurs ? left : 0)} were due";
    }

    /// <summary>The piece is where it belongs.</summary>
    internal void OnReceived(int worldRank, TcpOperation operation, int length)
    {
        operation.Receive(Array.IndexOf(_world, worldRank), length);
        Advance(operation);
    }

    /// <summary>A block has been sent.</summary>
    internal void OnSent(int worldRank, TcpOperation operation)
    {
        operation.Sent(Array.IndexOf(_world, worldRank));
        Advance(operation);
    }

    private void AnnounceToAll(TcpOperation operation)
    {
        FrameHeader header = operation.Header(FrameKind.Announcement);
        for (int peer = 0; peer < Size; peer++)
        {
            if (peer == Rank)
            {
                continue;
            }

            CommRegion to = operation.BlockTo(peer);
            int inline = operation.IsInline(to) ? (int)to.ByteCount : 0;
            (operation.Own.BlockTo, operation.Own.BlockFrom) = (to.Count, operation.BlockFrom(peer).Count);
            operation.Own.Write(_body, inline);
            new ReadOnlySpan<byte>((void*)to.Address, inline).CopyTo(_body.AsSpan(operation.Own.Bytes));
            _mesh.LinkTo(_world[peer])!.Queue(header, _body.AsSpan(0, operation.Own.Bytes + inline));
        }
    }

    /// <summary>Hears those that came before this rank.</summary>
    private void HearEarly(TcpOperation operation)
    {
        for (int peer = 0; peer < Size && !_mesh.IsFaulted; peer++)
        {
            if (peer != Rank && _announced[peer] > operation.Sequence)
            {
                EarlyFrame early = _early[peer, operation.Sequence % Window]!;
                if (Hear(operation, peer, early.Header, early.Body) is { } problem)
                {
                    _mesh.FailLink(_world[peer], FaultKind.Corrupted, problem);
                }
            }
        }
    }

    private string? Hear(TcpOperation operation, int peer, in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!_heard.TryRead(header, body, Size, out ReadOnlySpan<byte> payload))
        {
            return "an announcement is not well-formed";
        }

        (CommRegion to, CommRegion from) = (operation.BlockTo(peer), operation.BlockFrom(peer));
        (operation.Own.BlockTo, operation.Own.BlockFrom) = (to.Count, from.Count);
        if (!_heard.Fits(operation.Own, Rank, peer))
        {
            _mesh.Fail(TcpFaults.Diverged(operation, peer, _heard));
            return null;
        }

        if (payload.Length != (operation.IsInline(from) ? from.ByteCount : 0))
        {
            return $"an announcement brings {payload.Length} bytes";
        }

        payload.CopyTo(new Span<byte>((void*)from.Address, payload.Length));
        operation.Hear(peer);
        if (!operation.IsInline(to))
        {
            _mesh.LinkTo(_world[peer])!.QueuePayload(operation, to);
        }

        return null;
    }

    /// <summary>Does what can be done now: reduces, sends results, completes.</summary>
    private void Advance(TcpOperation operation)
    {
        if (!_mesh.IsFaulted && operation.TryBeginReduction())
        {
            Monitor.Exit(_mesh.Gate);
            try
            {
                operation.Reduce();
            }
            finally
            {
                Monitor.Enter(_mesh.Gate);
            }

            CommRegion result = operation.EndReduction();
            for (int peer = 0; peer < Size && result.Count > 0 && !_mesh.IsFaulted; peer++)
            {
                if (peer != Rank)
                {
                    _mesh.LinkTo(_world[peer])!.QueuePayload(operation, result);
                }
            }

            Monitor.PulseAll(_mesh.Gate);
        }

        bool completes = operation.TryComplete();
        if (completes && operation.Scratch is { } scratch)
        {
            operation.Scratch = null;
            _mesh.ReturnScratch(scratch);
        }

        if (completes || operation.IsFree)
        {
            Monitor.PulseAll(_mesh.Gate);
        }
    }
}
