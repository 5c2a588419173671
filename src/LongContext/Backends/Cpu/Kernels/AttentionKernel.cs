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
        int firstRow = fromToken * a.Group;
        int rows = (toToken - fromToken) * a.Group;
        int low = Math.Max(0, a.KeyStart(item, unit.FirstToken + fromToken) - pageStart);
        int high = Math.Min(a.PageSize, a.KeyEnd(item, unit.FirstToken + toToken - 1) - pageStart);
        int columns = (high + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
        byte* keys = a.Pages.Keys(page, unit.KVHead);
        byte* values = a.Pages.Values(page, unit.KVHead);
        float* scores = scratch.Scores + ((long)firstRow * a.PageSize);
        float* queries = scratch.Queries + ((long)firstRow * a.HeadDim);
        float* sums = state.Sums + ((long)firstRow * a.PaddedHeadDim);
        bool hasBytes = a.Layout == KVPageLayout.Bytes;
        bool widen = hasBytes || (TElement.Bytes != sizeof(float) && rows >= WidenFrom);

        if (widen)
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

            Multiply<F32>(queries, a.HeadDim, rows, (byte*)scratch.Keys, a.PageSize, a.HeadDim, columns, scores, a.PageSize, null);
        }
        else
        {
            // Few rows: memory is the bound, and the processor looks ahead within 4 KB only.
            Prefetch.Fetch(values, a.PaddedHeadDim * high * TElement.Bytes);
            Multiply<TElement>(queries, a.HeadDim, rows, keys, a.PageSize, a.HeadDim, columns, scores, a.PageSize, null);
        }

        Weights(a, item, unit, scratch, state, pageStart, columns, fromToken, toToken);

        int depth = high - low;
        if (widen)
        {
            byte* b = (byte*)(scratch.Values + ((long)low * a.PaddedHeadDim));
            Multiply<F32>(
                scores + low, a.PageSize, rows, b, a.PaddedHeadDim, depth, a.PaddedHeadDim, sums, a.PaddedHeadDim, scratch.Factors);
        }
        else
        {
            if (nextPage >= 0)
            {
                Prefetch.Fetch(a.Pages.Keys(nextPage, unit.KVHead), a.HeadDim * a.PageSize * TElement.Bytes);
            }

            byte* b = values + ((long)low * a.PaddedHeadDim * TElement.Bytes);
            Multiply<TElement>(
                scores + low, a.PageSize, rows, b, a.PaddedHeadDim, depth, a.PaddedHeadDim, sums, a.PaddedHeadDim, scratch.Factors);
        }
    }

    /// <summary>Turns the rows' scores of one page into weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weights(
        in AttentionArguments a, in AttentionItem item, in AttentionUnit unit, in AttentionScratch scratch, in AttentionState state,
        int pageStart, int columns, int fromToken, int toToken)
    {
        int firstRow = fromToken * a.Group;
        int rows = (toToken - fromToken) * a.Group;
        float* scores = scratch.Scores + ((long)firstRow * a.PageSize);
        bool isHidden = a.KeyEnd(item, unit.FirstToken + fromToken) < pageStart + columns // from any row: tokens' first and last keys only grow
            || a.KeyStart(item, unit.FirstToken + toToken - 1) > pageStart;
        for (int row = 0; row < rows && (isHidden || a.CapFactor > 0); row++)
        {
            float* rowScores = scores + ((long)row * a.PageSize);
            if (a.CapFactor > 0)
            {
                AttentionSoftmax<TSimd, TVec>.Cap(rowScores, columns, a.CapFactor);
            }

            int token = unit.FirstToken + fromToken + (row / a.Group);
            int low = Math.Clamp(a.KeyStart(item, token) - pageStart, 0, columns);
            int high = Math.Clamp(a.KeyEnd(item, token) - pageStart, 0, columns);
            new Span<float>(rowScores, low).Fill(float.NegativeInfinity);
            new Span<float>(rowScores + high, columns - high).Fill(float.NegativeInfinity);
        }

        float* max = state.Max + firstRow;
        float* denominators = state.Denominators + firstRow;
        int done = 0;
        for (; done + 4 <= rows; done += 4)
        {
            AttentionSoftmax<TSimd, TVec>.Advance4(
                scores + ((long)done * a.PageSize), a.PageSize, columns, max + done, denominators + done, scratch.Factors + done);
        }

        for (; done < rows; done++)
        {
            scratch.Factors[done] = AttentionSoftmax<TSimd, TVec>.Advance(
                scores + ((long)done * a.PageSize), columns, ref max[done], ref denominators[done]);
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
