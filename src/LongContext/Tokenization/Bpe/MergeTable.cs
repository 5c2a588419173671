using System.Numerics;

namespace LongContext.Tokenization.Bpe;

/// <summary>An ordered list of merges, as a hash table from the pair of ids.</summary>
internal sealed class MergeTable : IMergeRules
{
    private readonly ulong[] _keys; // 0 is an empty slot
    private readonly (int Rank, int Merged)[] _values;
    private readonly int _mask;

    /// <summary>A table that holds <paramref name="count"/> merges.</summary>
    internal MergeTable(int count)
    {
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)(Math.Max(count, 4) / 3 * 4 + 4));
        _mask = capacity - 1;
        _keys = new ulong[capacity];
        _values = new (int, int)[capacity];
    }

    /// <summary>Sets a merge; of two for the same pair the later counts.</summary>
    internal void Set(int left, int right, int rank, int merged)
    {
        int slot = SlotOf(left, right);
        _keys[slot] = Key(left, right);
        _values[slot] = (rank, merged);
    }

    /// <inheritdoc/>
    public int Find(int left, int right, ReadOnlySpan<char> joined, out int merged)
    {
        merged = -1;
        if ((left | right) < 0)
        {
            return -1;
        }

        int slot = SlotOf(left, right);
        if (_keys[slot] == 0)
        {
            return -1;
        }

        (int rank, merged) = _values[slot];
        return rank;
    }

    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private int SlotOf(int left, int right)
    {
        ulong key = Key(left, right);
        int slot = HashCode.Combine(left, right) & _mask; // seeded per process: a file cannot be made to collide
        while (_keys[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & _mask;
        }

        return slot;
    }
}
