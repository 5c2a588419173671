using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>What a rank has started, as it is compared with what another has started: plain bytes that go in front of a message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OperationHead
{
    internal CommVerb Verb;
    internal ElementKind Kind;
    internal Reduction Reduction;
    internal CommPhase Phase;
    internal ushort Layer;
    internal byte Part;
    internal byte Unequal;
    internal uint Step;
    internal int To;
    internal int From;
    internal int Reserved;
    internal long SendCount;
    internal long ReceiveCount;
    internal ulong CountsHash;

    internal OperationHead(in CommRequest request)
    {
        (Verb, Kind, Reduction) = (request.Verb, request.Send.Kind, request.Reduction);
        (Phase, Layer, Part, Step) = (request.Tag.Phase, request.Tag.Layer, request.Tag.Part, request.Tag.Step);
        (To, From, SendCount, ReceiveCount) = (request.To, request.From, request.Send.Count, request.Receive.Count);
        Unequal = (byte)(request.ReceiveCounts.IsEmpty ? 0 : 1);
        CountsHash = request.Verb == CommVerb.AllGather ? Hash(request.ReceiveCounts) : 0;
    }

    internal readonly CommTag Tag => new(Step, Layer, Phase, Part);

    /// <summary>Whether rank <paramref name="rank"/>, which started this, and <paramref name="other"/>, which started <paramref name="its"/>, mean the same.</summary>
    /// <remarks>Blocks of an AllToAll are compared where they arrive.</remarks>
    internal readonly bool Fits(int rank, in OperationHead its, int other)
    {
        if (Verb != its.Verb || Tag != its.Tag)
        {
            return false;
        }

        return Verb switch
        {
            CommVerb.AllGather => Kind == its.Kind && ReceiveCount == its.ReceiveCount && Unequal == its.Unequal && CountsHash == its.CountsHash,
            CommVerb.AllToAll => Kind == its.Kind,
            CommVerb.Broadcast => Kind == its.Kind && SendCount == its.SendCount && To == its.To,
            CommVerb.AllReduce => Kind == its.Kind && SendCount == its.SendCount && Reduction == its.Reduction,
            CommVerb.SendReceive => Message(this, rank, its, other) && Message(its, other, this, rank),
            _ => true,
        };
    }

    /// <summary>The operation for a message: "AllGather of 4 Float32 elements (RingKeyValue, layer 2, step 3, part 0)".</summary>
    internal readonly string Describe(ReadOnlySpan<long> counts)
    {
        if (Unequal != 0 && Verb == CommVerb.AllGather && counts.IsEmpty) // another rank's, too many to have come with it
        {
            return $"AllGather of {ReceiveCount} (unequal blocks, hash {CountsHash:x}) {Kind} elements ({Tag})";
        }

        CommRequest request = new()
        {
            Verb = Verb, Tag = Tag, Sequence = 0, Send = new CommRegion(0, SendCount, Kind), Receive = new CommRegion(0, ReceiveCount, Kind),
            ReceiveCounts = Unequal != 0 ? counts : [], To = To, From = From, Reduction = Reduction,
        };
        return request.ToString();
    }

    private static bool Message(in OperationHead sender, int senderRank, in OperationHead receiver, int receiverRank)
    {
        bool sends = sender.To == receiverRank;
        bool receives = receiver.From == senderRank;
        return sends == receives && (!sends || (sender.SendCount == receiver.ReceiveCount && sender.Kind == receiver.Kind));
    }

    private static ulong Hash(ReadOnlySpan<long> counts)
    {
        ulong hash = 14695981039346656037;
        foreach (long count in counts)
        {
            hash = (hash ^ (ulong)count) * 1099511628211;
            hash ^= hash >> 29;
        }

        return hash;
    }
}
