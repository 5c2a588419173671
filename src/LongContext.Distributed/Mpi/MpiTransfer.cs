using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>A long block on its way between two ranks that agree on it: cut into pieces, a few of them in flight. Pooled.</summary>
internal sealed class MpiTransfer(MpiWorld world) : IMpiRequestOwner
{
    private const long PieceBytes = 1 << 20; // longer messages outlive a scheduler's slice where ranks share cores
    private const int MostInFlight = 4;

    private readonly int[] _slots = new int[MostInFlight];
    private readonly int[] _expected = new int[MostInFlight];
    private nint _address;
    private long _bytes;
    private long _next;
    private int _inFlight;
    private int _tag;
    private bool _cancelled;

    /// <summary>The operation that it is part of.</summary>
    internal MpiOperation Operation { get; private set; } = null!;

    /// <summary>The other rank, in the operation's group.</summary>
    internal int Peer { get; private set; }

    internal bool IsIncoming { get; private set; }

    /// <summary>Starts it. Both ends cut it into the same pieces, which arrive in the order sent.</summary>
    internal void Start(MpiOperation operation, int peer, CommRegion block, int tag, bool isIncoming)
    {
        (Operation, Peer, _address, _bytes, _tag, IsIncoming) = (operation, peer, block.Address, block.ByteCount, tag, isIncoming);
        (_next, _inFlight, _cancelled) = (0, 0, false);
        Array.Fill(_slots, -1);
        Advance();
    }

    /// <inheritdoc/>
    public void Completed(int slot, in MpiCompletion completion)
    {
        int place = Array.IndexOf(_slots, slot);
        _slots[place] = -1;
        _inFlight--;
        if (IsIncoming && !_cancelled && completion.Bytes() is int received && received != _expected[place])
        {
            world.FailTruncated(Operation, Peer, received, _expected[place]);
        }

        Advance();
        if (_inFlight == 0)
        {
            world.EndTransfer(this, isWhole: !_cancelled);
        }
    }

    /// <summary>Gives up what has not come. Only a receive can be given up.</summary>
    internal void Cancel()
    {
        _cancelled = true;
        foreach (int slot in _slots)
        {
            if (slot >= 0 && IsIncoming)
            {
                world.Requests.Cancel(slot);
            }
        }
    }

    private void Advance()
    {
        while (_next < _bytes && _inFlight < MostInFlight && !_cancelled)
        {
            int length = (int)Math.Min(PieceBytes, _bytes - _next);
            int place = Array.IndexOf(_slots, -1);
            int slot = world.Requests.Add(this);
            (_slots[place], _expected[place]) = (slot, length);
            int peer = Operation.Group.World[Peer];
            nint start = _address + (nint)_next;
            if (IsIncoming)
            {
                world.Api.Receive(start, length, peer, _tag, world.Handle, world.Requests.HandleOf(slot));
            }
            else
            {
                world.Api.Send(start, length, peer, _tag, world.Handle, world.Requests.HandleOf(slot));
            }

            _inFlight++;
            _next += length;
        }
    }
}
