using System.Runtime.InteropServices;
using LongContext.Attention.SequenceParallel;

namespace LongContext.Attention;

/// <summary>Which keys of a context one reading showed to later blocks: written down while it runs by a method that reads in blocks.</summary>
/// <remarks>Nothing is known of a context that was read exactly, or by a method that does not write it down.</remarks>
internal sealed class KeySelection
{
    private List<int>[] _positions = []; // a layer's: [entries, kvHeads], block after block
    private int _kvHeads;

    /// <summary>How the context was cut and what was passed on; null: nothing is known.</summary>
    internal PrefillGeometry? Geometry { get; private set; }

    /// <summary>Context tokens before which every later block sees everything, in its anchor.</summary>
    internal int AnchorEnd => Geometry!.UnselectableOf(0);

    /// <summary>Starts over.</summary>
    internal void Begin(PrefillGeometry geometry, int layers, int kvHeads)
    {
        (Geometry, _kvHeads) = (geometry, kvHeads);
        _positions = [.. Enumerable.Range(0, layers).Select(_ => new List<int>())];
    }

    /// <summary>Adds the entries of the next block in a layer.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="firstPosition">The block's first position.</param>
    /// <param name="rows">[entries, kvHeads]: rows of the block.</param>
    internal void Add(int layer, int firstPosition, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            _positions[layer].Add(firstPosition + row);
        }
    }

    /// <summary>The block whose rows see what a row at this position sees of earlier blocks: its own, after the context the last one.</summary>
    internal int BlockOf(int position) =>
        position < Geometry!.Blocks.ContextLength ? Geometry.Blocks.BlockOf(position) : Geometry.Blocks.Count - 1;

    /// <summary>[entries, kvHeads]: positions that a layer's blocks before <paramref name="block"/> passed on.</summary>
    internal ReadOnlySpan<int> Before(int block, int layer) =>
        CollectionsMarshal.AsSpan(_positions[layer])[..(Geometry!.PassingBefore(block) * _kvHeads)];
}
