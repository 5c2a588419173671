using System.Numerics.Tensors;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>A tile's rows from queries to output: segment after segment, merged in order. Does not know how a segment is done.</summary>
internal static unsafe class AttentionRows
{
    /// <summary>Does one unit: writes its rows' results, or their state if it is one segment of several.</summary>
    internal static void Run<TSimd, TVec, TTile>(
        in AttentionArguments a, in AttentionUnit unit, in TTile tile, in AttentionState state, in AttentionState total)
        where TSimd : unmanaged, ISimd<TVec>
        where TVec : unmanaged
        where TTile : struct, IAttentionTile
    {
        ref AttentionItem item = ref a.Items[unit.Item];
        int rows = unit.Tokens * a.Group;
        int start = a.KeyStart(item, unit.FirstToken);
        int end = a.KeyEnd(item, unit.FirstToken + unit.Tokens - 1);
        int segmentKeys = AttentionSegments.Keys(a.PageSize);
        if (unit.Segment >= 0)
        {
            AttentionState partial = new(a.Partials + unit.Partial, rows, a.PaddedHeadDim);
            int first = unit.Segment * segmentKeys;
            tile.Attend(partial, Math.Max(start, first), Math.Min(end, first + segmentKeys));
            return;
        }

        total.Clear();
        for (int from = start; from < end;)
        {
            int to = (int)Math.Min(end, ((long)(from / segmentKeys) + 1) * segmentKeys);
            if (from == start && to == end)
            {
                tile.Attend(total, from, to); // the only segment: a merge into nothing changes nothing
            }
            else
            {
                tile.Attend(state, from, to);
                AttentionSoftmax<TSimd, TVec>.Merge(total, state, rows, a.PaddedHeadDim);
            }

            from = to;
        }

        Finish(a, item, unit, total);
    }

    /// <summary>The tile's queries times the query factor, row after row.</summary>
    internal static void Pack(in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, float* queries)
    {
        int group = a.Group;
        for (int row = 0; row < unit.Tokens * group; row++)
        {
            ReadOnlySpan<float> source = new(a.Q + (Target(a, item, unit, row, group) * a.HeadDim), a.HeadDim);
            TensorPrimitives.Multiply(source, a.QueryFactor, new Span<float>(queries + ((long)row * a.HeadDim), a.HeadDim));
        }
    }

    /// <summary>Divides the sums by the denominators and writes the tile's rows.</summary>
    internal static void Finish(in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, in AttentionState state)
    {
        int group = a.Group;
        for (int row = 0; row < unit.Tokens * group; row++)
        {
            long target = Target(a, item, unit, row, group);
            float denominator = state.Denominators[row];
            float factor = denominator == 0 ? 0 : 1 / denominator;
            ReadOnlySpan<float> sums = new(state.Sums + ((long)row * a.PaddedHeadDim), a.HeadDim);
            TensorPrimitives.Multiply(sums, factor, new Span<float>(a.Output + (target * a.HeadDim), a.HeadDim));
            if (a.Lse != null)
            {
                a.Lse[target] = denominator == 0
                    ? float.NegativeInfinity
                    : (float)((state.Max[row] + Math.Log2(denominator)) * 0.69314718055994531);
            }
        }
    }

    /// <summary>Row of q, output and lse for row <paramref name="row"/> of the tile.</summary>
    private static long Target(in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, int row, int group) =>
        ((long)(item.QueryStart + unit.FirstToken + (row / group)) * a.QHeads) + (unit.KVHead * group) + (row % group);
}
