using System.Runtime.InteropServices;

namespace LongContext.Attention.SequenceParallel;

/// <summary>The spread rows of groups of consecutive ranks, each group's in the order of chunks and positions, and where each member's rows stand there.</summary>
internal sealed class GroupRows
{
    private readonly List<GroupRun> _sorted = [];
    private readonly List<RowRun>[] _runs;
    private readonly int[] _counts;
    private readonly int _groups;
    private readonly int _own;

    /// <param name="ranks">All ranks; a multiple of <paramref name="groupSize"/>.</param>
    /// <param name="groupSize">Ranks of a group.</param>
    /// <param name="rank">This one.</param>
    internal GroupRows(int ranks, int groupSize, int rank)
    {
        (_groups, _own) = (ranks / groupSize, rank / groupSize);
        Blocks = new SpreadRows(_groups);
        _runs = [.. Enumerable.Range(0, groupSize).Select(_ => new List<RowRun>())];
        _counts = new int[groupSize];
    }

    /// <summary>Every group's rows.</summary>
    internal SpreadRows Blocks { get; }

    /// <summary>Rows of this rank's group.</summary>
    internal int Count => Blocks.Count(_own);

    /// <summary>Whether any of the chunks has tokens before it.</summary>
    internal bool AnyLater { get; private set; }

    /// <summary>Rows of a member of this rank's group.</summary>
    internal int CountOf(int member) => _counts[member];

    /// <summary>A member's rows, in their order there: where they stand among the group's.</summary>
    internal ReadOnlySpan<RowRun> RunsOf(int member) => CollectionsMarshal.AsSpan(_runs[member]);

    /// <summary>Takes over a step's rows.</summary>
    internal void Place(RankRows rows)
    {
        Blocks.Clear();
        AnyLater = rows.AnySpreadLater;
        for (int group = 0; group < _groups; group++)
        {
            Sort(rows, group);
            foreach (GroupRun run in _sorted)
            {
                Blocks.Add(group, run.Placed);
            }

            if (group == _own)
            {
                FindMembers();
            }
        }
    }

    private void Sort(RankRows rows, int group)
    {
        _sorted.Clear();
        for (int member = 0; member < _counts.Length; member++)
        {
            int rank = (group * _counts.Length) + member;
            int row = 0;
            foreach (ref readonly PlacedRun placed in rows.Of(rank))
            {
                if (row == rows.Spread(rank))
                {
                    break; // the chunks that are not spread
                }

                _sorted.Add(new GroupRun(member, row, placed));
                row += (int)placed.Run.Count;
            }
        }

        _sorted.Sort(static (a, b) => (a.Placed.Chunk, a.Placed.Run.Start).CompareTo((b.Placed.Chunk, b.Placed.Run.Start)));
    }

    private void FindMembers()
    {
        for (int member = 0; member < _counts.Length; member++)
        {
            _runs[member].Clear();
            _counts[member] = 0;
        }

        int target = 0;
        foreach (GroupRun run in _sorted)
        {
            int count = (int)run.Placed.Run.Count;
            _runs[run.Member].Add(new RowRun(run.Row, target, count));
            _counts[run.Member] += count;
            target += count;
        }
    }

    /// <param name="Member">Whose rows.</param>
    /// <param name="Row">The first, in that member's order.</param>
    /// <param name="Placed">What they are.</param>
    private readonly record struct GroupRun(int Member, int Row, PlacedRun Placed);
}
