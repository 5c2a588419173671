using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>A step's rows of spread chunks in blocks, each with all that one rank, or one group of ranks, has. A chunk's rows stand together in a block.</summary>
internal sealed class SpreadRows(int blocks)
{
    private readonly List<PlacedRun>[] _runs = [.. Enumerable.Range(0, blocks).Select(_ => new List<PlacedRun>())];
    private readonly int[] _counts = new int[blocks];

    /// <summary>Rows of a block.</summary>
    internal int Count(int block) => _counts[block];

    /// <summary>The rows of a block, in their order.</summary>
    internal ReadOnlySpan<PlacedRun> Of(int block) => CollectionsMarshal.AsSpan(_runs[block]);

    /// <summary>Forgets the last step.</summary>
    internal void Clear()
    {
        Array.Clear(_counts);
        foreach (List<PlacedRun> runs in _runs)
        {
            runs.Clear();
        }
    }

    /// <summary>Adds rows at the end of a block.</summary>
    internal void Add(int block, in PlacedRun placed)
    {
        List<PlacedRun> runs = _runs[block];
        _counts[block] += (int)placed.Run.Count;
        if (runs.Count > 0 && runs[^1].Chunk == placed.Chunk && runs[^1].Run.End == placed.Run.Start)
        {
            TokenRun last = runs[^1].Run;
            runs[^1] = placed with { Run = last with { Count = last.Count + placed.Run.Count } };
        }
        else
        {
            runs.Add(placed);
        }
    }
}
