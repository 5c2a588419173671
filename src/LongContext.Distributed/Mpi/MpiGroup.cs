using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>The world, or a group split from it, as one rank sees it: who is in it, who has left it, and its operations in flight.</summary>
internal sealed class MpiGroup
{
    /// <summary>Operations that a rank may have started and not completed.</summary>
    internal const int Window = 64;

    private readonly MpiOperation?[] _operations = new MpiOperation?[Window];
    private readonly bool[] _ended;
    private readonly MpiWorld _world;

    internal MpiGroup(MpiWorld world, MpiGroup? parent, ulong id, CommunicatorInfo info, int rank)
    {
        (_world, Parent, Id, Info, Rank) = (world, parent, id, info, rank);
        World = [.. info.WorldRanks];
        _ended = new bool[World.Length];
    }

    internal ulong Id { get; }

    internal CommunicatorInfo Info { get; }

    internal MpiGroup? Parent { get; }

    /// <summary>This rank in the group.</summary>
    internal int Rank { get; }

    /// <summary>[size]: numbers in the world.</summary>
    internal int[] World { get; }

    internal int Size => World.Length;

    /// <summary>Number of the next operation that the communication thread starts.</summary>
    internal ulong Next { get; set; }

    /// <summary>This rank has left.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>Offers for operations, or halves of them, that this rank has not come to. Each peer is at most a window ahead.</summary>
    internal List<ControlBuffer> Early { get; } = [];

    /// <summary>The place of an operation, whichever is in it.</summary>
    internal MpiOperation Operation(ulong sequence) => _operations[sequence % Window] ??= new MpiOperation(_world, this);

    /// <summary>Operations that were ever started, each place once.</summary>
    internal IEnumerable<MpiOperation> Operations() => _operations.Where(o => o is not null)!;

    /// <summary>Rank in the group of a rank of the world, or -1.</summary>
    internal int RankOf(int worldRank) => Array.IndexOf(World, worldRank);

    /// <summary>Rank <paramref name="rank"/> of the group has left it.</summary>
    internal void End(int rank) => Volatile.Write(ref _ended[rank], true);

    /// <summary>Whether a rank has left the group, or the whole.</summary>
    internal bool HasEnded(int rank) => Volatile.Read(ref _ended[rank]) || (Parent is not null && Parent.HasEnded(Parent.RankOf(World[rank])));

    /// <summary>Whether all others have left.</summary>
    internal bool OthersHaveEnded => !_ended.Where((ended, rank) => !ended && rank != Rank).Any();

    /// <summary>The number of a group: the same on all its ranks, another one for each group.</summary>
    internal static ulong MakeId(ulong parent, ulong sequence, int first)
    {
        ulong value = parent;
        foreach (ulong part in (ReadOnlySpan<ulong>)[sequence, (ulong)first])
        {
            value = (value ^ (part + 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            value ^= value >> 31;
        }

        return value;
    }
}
