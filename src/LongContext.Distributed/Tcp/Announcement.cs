using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>What one rank has started, as another rank hears of it. Compared with what that one has started before a byte of payload moves.</summary>
/// <remarks>Body of a frame: 48 bytes, then 8 for each count, then the payload if it is small. Reused: an operation allocates nothing.</remarks>
internal sealed class Announcement
{
    /// <summary>Blocks up to this length travel with the announcement; longer ones wait until the other rank has started the operation too.</summary>
    internal const int MostInlineBytes = 4096;

    private const int FixedBytes = 48;
    private long[] _counts = [];

    internal CommVerb Verb { get; set; }

    internal CommTag Tag { get; set; }

    internal ElementKind Kind { get; set; }

    internal Reduction Reduction { get; set; }

    internal long SendCount { get; set; }

    internal long ReceiveCount { get; set; }

    internal int To { get; set; }

    internal int From { get; set; }

    /// <summary>Elements for the rank that hears of it.</summary>
    internal long BlockTo { get; set; }

    /// <summary>Elements expected from the rank that hears of it.</summary>
    internal long BlockFrom { get; set; }

    /// <summary>An unequal AllGather's counts; else empty.</summary>
    internal ReadOnlySpan<long> Counts => _counts.AsSpan(0, CountsLength);

    private int CountsLength { get; set; }

    /// <summary>The longest body where there are <paramref name="size"/> ranks.</summary>
    internal static int MostBytes(int size) => FixedBytes + (sizeof(long) * size) + MostInlineBytes;

    /// <summary>Bytes of its body without a payload.</summary>
    internal int Bytes => FixedBytes + (sizeof(long) * CountsLength);

    internal void SetCounts(ReadOnlySpan<long> counts)
    {
        CountsLength = counts.Length;
        if (_counts.Length < counts.Length)
        {
            _counts = new long[counts.Length];
        }

        counts.CopyTo(_counts);
    }

    internal void Write(Span<byte> to, int inlineBytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, SendCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], ReceiveCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], BlockTo);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], BlockFrom);
        BinaryPrimitives.WriteInt16LittleEndian(to[32..], (short)To);
        BinaryPrimitives.WriteInt16LittleEndian(to[34..], (short)From);
        (to[36], to[37], to[38], to[39]) = ((byte)Kind, (byte)Reduction, 0, 0);
        BinaryPrimitives.WriteInt32LittleEndian(to[40..], CountsLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[44..], inlineBytes);
        for (int i = 0; i < CountsLength; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to[(FixedBytes + (sizeof(long) * i))..], _counts[i]);
        }
    }

    /// <summary>Reads an announcement of <paramref name="size"/> ranks.</summary>
    /// <returns>False if the body is none; what it says has been checked against its length before anything is used.</returns>
    internal bool TryRead(in FrameHeader header, ReadOnlySpan<byte> body, int size, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (body.Length < FixedBytes || header.Verb > CommVerb.Barrier)
        {
            return false;
        }

        (Verb, Tag) = (header.Verb, header.Tag);
        SendCount = BinaryPrimitives.ReadInt64LittleEndian(body);
        ReceiveCount = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        BlockTo = BinaryPrimitives.ReadInt64LittleEndian(body[16..]);
        BlockFrom = BinaryPrimitives.ReadInt64LittleEndian(body[24..]);
        To = BinaryPrimitives.ReadInt16LittleEndian(body[32..]);
        From = BinaryPrimitives.ReadInt16LittleEndian(body[34..]);
        (Kind, Reduction) = ((ElementKind)body[36], (Reduction)body[37]);
        int counts = BinaryPrimitives.ReadInt32LittleEndian(body[40..]);
        int inline = BinaryPrimitives.ReadInt32LittleEndian(body[44..]);
        if ((counts != 0 && counts != size) || inline is < 0 or > MostInlineBytes || body.Length != FixedBytes + (sizeof(long) * counts) + inline)
        {
            return false;
        }

        SetCounts(MemoryMarshal.Cast<byte, long>(body.Slice(FixedBytes, sizeof(long) * counts)));
        payload = body[(FixedBytes + (sizeof(long) * counts))..];
        return true;
    }

    /// <summary>Whether <paramref name="mine"/>, which rank <paramref name="me"/> has started, and this, of rank <paramref name="other"/>, are one operation.</summary>
    internal bool Fits(Announcement mine, int me, int other)
    {
        if (Verb != mine.Verb || Tag != mine.Tag)
        {
            return false;
        }

        return Verb switch
        {
            CommVerb.AllGather => Kind == mine.Kind && ReceiveCount == mine.ReceiveCount && Counts.SequenceEqual(mine.Counts),
            CommVerb.AllToAll => Kind == mine.Kind && BlockTo == mine.BlockFrom && BlockFrom == mine.BlockTo,
            CommVerb.Broadcast => Kind == mine.Kind && SendCount == mine.SendCount && To == mine.To,
            CommVerb.AllReduce => Kind == mine.Kind && SendCount == mine.SendCount && Reduction == mine.Reduction,
            CommVerb.SendReceive => SameMessage(mine, me, this, other) && SameMessage(this, other, mine, me),
            _ => true,
        };
    }

    /// <summary>The operation for a message: "AllGather of 4 Float32 elements (RingKeyValue, layer 2, step 3, part 0)".</summary>
    public override string ToString() => new CommRequest
    {
        Verb = Verb, Tag = Tag, Sequence = 0, Send = new CommRegion(0, SendCount, Kind), Receive = new CommRegion(0, ReceiveCount, Kind),
        ReceiveCounts = Counts, To = To, From = From, Reduction = Reduction,
    }.ToString();

    /// <summary>Either nothing goes from sender to receiver and both know it, or both mean the same message.</summary>
    private static bool SameMessage(Announcement sender, int senderRank, Announcement receiver, int receiverRank)
    {
        bool sends = sender.To == receiverRank;
        return sends == (receiver.From == senderRank)
            && (!sends || (sender.SendCount == receiver.ReceiveCount && sender.Kind == receiver.Kind));
    }
}
