namespace LongContext.Communication.InProcess;

/// <summary>One operation of all ranks: who has come, and which pieces of its bytes have been moved. Every field under the group's lock.</summary>
internal sealed class RankOperation
{
    private const long OnePieceBytes = 64 * 1024; // moved faster by one thread than a second one wakes up

    private ulong _sequence = ulong.MaxValue;
    private int _nextPiece;
    private int _piecesDone;

    internal RankOperation(int size)
    {
        Parts = [.. Enumerable.Range(0, size).Select(_ => new RankPart(size))];
    }

    /// <summary>Its number; the greatest value before the first use. Read without the lock too.</summary>
    internal ulong Sequence => Volatile.Read(ref _sequence);

    /// <summary>[size].</summary>
    internal RankPart[] Parts { get; }

    /// <summary>The rank that came first: what others are compared with.</summary>
    internal int First { get; private set; }

    /// <summary>Ranks that have come.</summary>
    internal int Arrived { get; private set; }

    /// <summary>Pieces its bytes are cut into, which different ranks may move at once; 0 before all ranks have come.</summary>
    internal int Pieces { get; private set; }

    /// <summary>Collective: all ranks have come and agree, and bytes are being moved.</summary>
    internal bool IsMoving => Pieces > 0 && _piecesDone < Pieces;

    /// <summary>May be taken by another operation.</summary>
    internal bool IsFree => Sequence == ulong.MaxValue || Array.TrueForAll(Parts, p => p.Done);

    internal void Reset(ulong sequence)
    {
        Volatile.Write(ref _sequence, sequence);
        (Arrived, Pieces, _nextPiece, _piecesDone) = (0, 0, 0, 0);
        foreach (RankPart part in Parts)
        {
            part.Clear();
        }
    }

    internal void Arrive(int rank, in CommRequest request)
    {
        First = Arrived++ == 0 ? rank : First;
        Parts[rank].Arrive(request);
    }

    /// <summary>All ranks have come and agree: cuts the bytes into pieces.</summary>
    internal void MakeReady()
    {
        long bytes = 0;
        foreach (RankPart part in Parts)
        {
            bytes += part.Receive.ByteCount;
        }

        Pieces = bytes == 0 ? 0 : bytes <= OnePieceBytes ? 1 : Parts.Length;
        if (Pieces == 0)
        {
            Complete();
        }
    }

    /// <summary>Takes a piece to move, if one is left.</summary>
    internal bool TryTakePiece(out int piece)
    {
        piece = _nextPiece;
        if (_nextPiece >= Pieces)
        {
            return false;
        }

        _nextPiece++;
        return true;
    }

    /// <summary>A piece has been moved.</summary>
    /// <returns>Whether it was the last.</returns>
    internal bool FinishPiece()
    {
        if (++_piecesDone < Pieces)
        {
            return false;
        }

        Complete();
        return true;
    }

    /// <summary>Whether somebody touches <paramref name="rank"/>'s memory for it right now.</summary>
    internal bool Touches(int rank) => Parts[rank].Moving > 0 || (IsMoving && Parts[rank].Arrived);

    /// <summary>A rank that <paramref name="rank"/> waits for, or <see cref="Communicator.NoRank"/> if all it needs have come.</summary>
    internal int Missing(int rank)
    {
        RankPart mine = Parts[rank];
        if (mine.Verb != CommVerb.SendReceive)
        {
            return FirstAbsent();
        }

        bool to = mine.To != Communicator.NoRank && !Parts[mine.To].Arrived;
        bool from = mine.From != Communicator.NoRank && !Parts[mine.From].Arrived;
        return from ? mine.From : to ? mine.To : Communicator.NoRank;
    }

    /// <summary>The first rank that has not come, or <see cref="Communicator.NoRank"/>.</summary>
    internal int FirstAbsent() => Array.FindIndex(Parts, p => !p.Arrived);

    private void Complete()
    {
        foreach (RankPart part in Parts)
        {
            part.Done = true;
        }
    }
}
