using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Attention of a tile of query rows over pages of keys, one softmax a row, in one pass over the keys.</summary>
/// <remarks>
/// Pages are visited in order, from the segment's first to its last; a row's state after each page is a function of that page and the state
/// before. Segments have fixed places in the sequence (<see cref="AttentionSegments"/>) and are merged in order. So a row's result
/// does not depend on its tile, on the chunk it came in, nor on whether its segments were done by one worker or by many.
/// </remarks>
internal static unsafe class AttentionKernel<TSimd, TVec, TElement>
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
    where TElement : unmanaged, IElement
{
    private const int WidenFrom = 12; // rows from which widening a page once pays for writing it down
    private const int RowBlock = 24; // whole register tiles whose scores stay in the first-level cache until they have met the values

    /// <summary>Does one unit: writes its rows' results, or their state if it is one segment of several.</summary>
    internal static void Run(in AttentionArguments a, in AttentionUnit unit, float* memory)
    {
        Tile tile = new(a, unit, new AttentionScratch(memory, unit.Tokens * a.Group, a));
        AttentionRows.Pack(a, a.Items[unit.Item], unit, tile.Scratch.Queries);
        for (int row = 0; row < unit.Tokens * a.Group && a.Layout == KVPageLayout.Bytes; row++)
        {
            HeadCodes.Turn(tile.Scratch.Queries + ((long)row * a.HeadDim), a.HeadDim); // as the keys were
        }

        AttentionRows.Run<TSimd, TVec, Tile>(a, unit, tile, tile.Scratch.State, tile.Scratch.Total);
    }

    private static void Segment(
        in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, in AttentionScratch scratch, in AttentionState state, int start, int end)
    {
        state.Clear();
        int* pages = a.KVPageIndices + a.KVIndptr[item.Sequence];
        for (int page = start / a.PageSize; page * (long)a.PageSize < end; page++)
        {
            int pageStart = page * a.PageSize;
            int from = 0; // tokens of the tile that see keys of the page: their first and last keys only grow
            while (from < unit.Tokens && a.KeyEnd(item, unit.FirstToken + from) <= pageStart)
            {
                from++;
            }

            int to = unit.Tokens;
            while (to > from && a.KeyStart(item, unit.FirstToken + to - 1) >= pageStart + a.PageSize)
            {
                to--;
            }

            if (from < to)
            {
                int next = (page + 1) * (long)a.PageSize < end ? pages[page + 1] : -1;
                Page(a, item, unit, scratch, state, pages[page], next, pageStart, from, to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Page(
        in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, in AttentionScratch scratch, in AttentionState state,
        int page, int nextPage, int pageStart, int fromToken, int toToken)
    {
        int from = fromToken * a.Group;
        int to = toToken * a.Group;
        int low = Math.Max(0, a.KeyStart(item, unit.FirstToken + fromToken) - pageStart);
        int high = Math.Min(a.PageSize, a.KeyEnd(item, unit.FirstToken + toToken - 1) - pageStart);
        byte* keys = a.Pages.Keys(page, unit.KVHead);
        byte* values = a.Pages.Values(page, unit.KVHead);
        bool hasBytes = a.Layout == KVPageLayout.Bytes;
        if (hasBytes || (TElement.Bytes != sizeof(float) && to - from >= WidenFrom))
        {
            if (hasBytes)
            {
                CodePage.Widen(a, page, unit.KVHead, low, high, scratch.Keys, scratch.Values);
            }
            else
            {
                RowDecoder<TSimd, TVec>.Widen<TElement>(keys, scratch.Keys, (long)a.HeadDim * a.PageSize);
                RowDecoder<TSimd, TVec>.Widen<TElement>(values, scratch.Values, (long)high * a.PaddedHeadDim);
            }

            for (int row = from; row < to; row += RowBlock)
            {
                Rows<F32>(a, item, unit, scratch, state, (byte*)scratch.Keys, (byte*)scratch.Values, null, pageStart, low, high, row, Math.Min(RowBlock, to - row));
            }

            return;
        }

        // Few rows: memory is the bound, and the processor looks ahead within 4 KB only.
        Prefetch.Fetch(values, a.PaddedHeadDim * high * TElement.Bytes);
        byte* ahead = nextPage < 0 ? null : a.Pages.Keys(nextPage, unit.KVHead);
        for (int row = from; row < to; row += RowBlock)
        {
            Rows<TElement>(a, item, unit, scratch, state, keys, values, row == from ? ahead : null, pageStart, low, high, row, Math.Min(RowBlock, to - row));
        }
    }

    /// <summary>Some rows of the tile over the keys of one page from <paramref name="low"/> to <paramref name="high"/> − 1; asks for the keys <paramref name="ahead"/> meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<T>(
        in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, in AttentionScratch scratch, in AttentionState state,
        byte* keys, byte* values, byte* ahead, int pageStart, int low, int high, int firstRow, int rows)
        where T : unmanaged, IElement
    {
        int columns = (high + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
        float* scores = scratch.Scores;
        Multiply<T>(scratch.Queries + ((long)firstRow * a.HeadDim), a.HeadDim, rows, keys, a.PageSize, a.HeadDim, columns, scores, a.PageSize, null);
        Mask(a, item, unit, scores, pageStart, columns, firstRow, rows);

        float* max = state.Max + firstRow;
        float* denominators = state.Denominators + firstRow;
        int row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            AttentionSoftmax<TSimd, TVec>.Advance4(
                scores + ((long)row * a.PageSize), a.PageSize, columns, max + row, denominators + row, scratch.Factors + row);
        }

        for (; row < rows; row++)
        {
            scratch.Factors[row] = AttentionSoftmax<TSimd, TVec>.Advance(
                scores + ((long)row * a.PageSize), columns, ref max[row], ref denominators[row]);
        }

        if (ahead != null)
        {
            Prefetch.Fetch(ahead, a.HeadDim * a.PageSize * T.Bytes);
        }

        byte* b = values + ((long)low * a.PaddedHeadDim * T.Bytes);
        float* sums = state.Sums + ((long)firstRow * a.PaddedHeadDim);
        Multiply<T>(scores + low, a.PageSize, rows, b, a.PaddedHeadDim, high - low, a.PaddedHeadDim, sums, a.PaddedHeadDim, scratch.Factors);
    }

    /// <summary>Caps the scores, and hides those of keys that a row does not see.</summary>
    private static void Mask(
        in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, float* scores, int pageStart, int columns, int firstRow, int rows)
    {
        int firstToken = unit.FirstToken + (firstRow / a.Group);
        int lastToken = unit.FirstToken + ((firstRow + rows - 1) / a.Group);
        if (a.CapFactor > 0)
        {
            for (int row = 0; row < rows; row++)
            {
                AttentionSoftmax<TSimd, TVec>.Cap(scores + ((long)row * a.PageSize), columns, a.CapFactor);
            }
        }

        if (a.KeyEnd(item, firstToken) >= pageStart + columns && a.KeyStart(item, lastToken) <= pageStart)
        {
            return; // every row sees every key: first and last keys only grow from token to token
        }

        for (int row = 0; row < rows; row++)
        {
            int token = unit.FirstToken + ((firstRow + row) / a.Group);
            int low = Math.Clamp(a.KeyStart(item, token) - pageStart, 0, columns);
            int high = Math.Clamp(a.KeyEnd(item, token) - pageStart, 0, columns);
            float* rowScores = scores + ((long)row * a.PageSize);
            new Span<float>(rowScores, low).Fill(float.NegativeInfinity);
            new Span<float>(rowScores + high, columns - high).Fill(float.NegativeInfinity);
        }
    }

    private static void Multiply<T>(
        float* x, long xStride, int rows, byte* b, long bStride, int depth, int columns, float* c, long cStride, float* scale)
        where T : unmanaged, IElement =>
        AttentionTile<TSimd, TVec, T>.Multiply(x, xStride, rows, b, bStride * T.Bytes, depth, columns, c, cStride, scale);

    /// <summary>The tile, its scratch memory, and what to do with a segment of keys.</summary>
    private readonly struct Tile(in AttentionArguments arguments, in AttentionUnit unit, in AttentionScratch scratch) : IAttentionTile
    {
        private readonly AttentionArguments _arguments = arguments;
        private readonly AttentionUnit _unit = unit;

        internal AttentionScratch Scratch { get; } = scratch;

        public void Attend(in AttentionState state, int start, int end) =>
            Segment(_arguments, _arguments.Items[_unit.Item], _unit, Scratch, state, start, end);
    }
}
