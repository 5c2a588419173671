using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Attention of a tile of query rows over pages of bytes, all of it by generated code but what only some rows see.</summary>
/// <remarks>
/// Keys are taken in steps of some pages, at fixed places in the segment: scores of the whole step, then its weights, then its part of
/// the sums. A row's state after a step is a function of the step and the state before; keys that the row does not see have the score −∞
/// and add exactly nothing. So a row's bits depend neither on its tile nor on its chunk, and one row does what a thousand do.
/// </remarks>
internal readonly unsafe struct AttentionBytesTile<TSimd, TVec>(
    ByteAttentionKernels kernels, in AttentionArguments arguments, in AttentionUnit unit, in AttentionBytesScratch scratch) : IAttentionTile
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private const int AheadBlocks = 1; // of keys or values, between what is read and what is asked for
    private const int Width = 16;
    private const int Tile = ByteAttentionWriter.WeighingRows;
    private const int MostRows = ByteAttentionWriter.MostRows;
    private const int MostVectors = ByteAttentionWriter.MostVectors;

    private readonly ByteAttentionKernels _kernels = kernels;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit _unit = unit;
    private readonly AttentionBytesScratch _scratch = scratch;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(in AttentionState state, int start, int end)
    {
        state.Clear();
        ref AttentionItem item = ref _arguments.Items[_unit.Item];
        const int stepKeys = AttentionBytesScratch.StepPages * BytePage.Keys;
        int segmentKeys = AttentionSegments.Keys(BytePage.Keys);
        int segmentStart = start / segmentKeys * segmentKeys;
        long segmentEnd = (long)segmentStart + segmentKeys;
        for (long step = segmentStart + ((start - segmentStart) / stepKeys * stepKeys); step < end; step += stepKeys)
        {
            int stepStart = (int)step;
            int stepEnd = (int)Math.Min(step + stepKeys, segmentEnd);
            int from = 0; // tokens of the tile that see keys of the step: their first and last keys only grow
            while (from < _unit.Tokens && _arguments.KeyEnd(item, _unit.FirstToken + from) <= stepStart)
            {
                from++;
            }

            int to = _unit.Tokens;
            while (to > from && _arguments.KeyStart(item, _unit.FirstToken + to - 1) >= stepEnd)
            {
                to--;
            }

            for (int row = from * _arguments.Group; row < to * _arguments.Group; row += AttentionBytesScratch.RowBlock)
            {
                int rows = Math.Min(AttentionBytesScratch.RowBlock, (to * _arguments.Group) - row);
                bool isFirst = row == from * _arguments.Group;
                Step(item, state, row, rows, stepStart, Math.Min(stepEnd, end), isFirst ? end : 0);
            }
        }
    }

    /// <summary>Some rows against the keys of one step; asks for the pages after it that begin before <paramref name="aheadEnd"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Step(in AttentionItem item, in AttentionState state, int firstRow, int rows, int stepStart, int stepEnd, int aheadEnd)
    {
        int low = Math.Max(0, _arguments.KeyStart(item, Token(firstRow)) - stepStart);
        int high = Math.Min(stepEnd, _arguments.KeyEnd(item, Token(firstRow + rows - 1))) - stepStart;
        if (low >= high)
        {
            return;
        }

        int firstPage = low / BytePage.Keys;
        int count = ((high - 1) / BytePage.Keys) + 1 - firstPage;
        FillPages(item, stepStart, firstPage, count, low, high, aheadEnd);
        long pageStride = (rows + Tile - 1) / Tile * Tile * ByteRow.Bytes;
        ByteAttentionArguments step = new()
        {
            Pages = _scratch.Pages,
            PageCount = count,
            Queries = _scratch.Queries + ((long)firstRow * HeadCodes.Padded(_arguments.HeadDim)),
            QueryStride = HeadCodes.Padded(_arguments.HeadDim),
            KeyFours = HeadCodes.Padded(_arguments.HeadDim) / 4,
            QueryFactors = _scratch.QueryFactors + firstRow,
            Rows = _scratch.Rows,
            PageStride = pageStride,
            PageFactors = _scratch.PageFactors,
            EarlierFactors = _scratch.EarlierFactors,
            Max = _scratch.Max,
            Denominators = _scratch.Denominators,
            Sums = state.Sums + ((long)firstRow * _arguments.PaddedHeadDim),
            SumStride = _arguments.PaddedHeadDim * sizeof(float),
            ValueStride = _arguments.PaddedHeadDim * 4,
        };
        Scores(step, rows);
        step.RowGroups = rows;
        if (Mask(item, firstRow, rows, stepStart + (firstPage * BytePage.Keys), count, stepStart + high, pageStride))
        {
            _kernels.Maxima(&step);
        }

        Span<float> max = new(state.Max + firstRow, rows), denominators = new(state.Denominators + firstRow, rows);
        max.CopyTo(new Span<float>(_scratch.Max, rows));
        denominators.CopyTo(new Span<float>(_scratch.Denominators, rows));
        _kernels.Factors(&step);
        WeightsAndSums(step, rows);
        _kernels.Denominators(&step);
        new ReadOnlySpan<float>(_scratch.Max, rows).CopyTo(max);
        new ReadOnlySpan<float>(_scratch.Denominators, rows).CopyTo(denominators);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillPages(in AttentionItem item, int stepStart, int firstPage, int count, int low, int high, int aheadEnd)
    {
        int* indices = _arguments.KVPageIndices + _arguments.KVIndptr[item.Sequence] + (stepStart / BytePage.Keys) + firstPage;
        float* seen = _scratch.SeenInverses;
        long pagesLeft = (aheadEnd - stepStart - (firstPage * (long)BytePage.Keys) + BytePage.Keys - 1) / BytePage.Keys;
        if (_arguments.CapFactor > 0)
        {
            new Span<float>(_scratch.Zeros, BytePage.Keys).Clear();
        }

        for (int i = 0; i < Math.Min(pagesLeft, 2L * count); i++) // this step's and the next one's: the kernels ask for lines of keys and values alone
        {
            _arguments.Pages.Locate(indices[i], _unit.KVHead);
            Prefetch.Fetch((byte*)_arguments.Pages.Scales(indices[i], _unit.KVHead), HeadCodes.ScalesPerToken * BytePage.Keys * sizeof(float));
        }

        for (int i = 0; i < count; i++)
        {
            byte* keys = _arguments.Pages.Keys(indices[i], _unit.KVHead);
            byte* values = _arguments.Pages.Values(indices[i], _unit.KVHead);
            float* scales = _arguments.Pages.Scales(indices[i], _unit.KVHead);
            float* inverses = scales + (2 * BytePage.Keys);
            int start = (firstPage + i) * BytePage.Keys;
            if (low > start || high < start + BytePage.Keys)
            {
                (int from, int to) = (Math.Max(low - start, 0), Math.Min(high - start, BytePage.Keys));
                new Span<float>(seen, BytePage.Keys).Clear(); // what was never written may be no number
                new ReadOnlySpan<float>(inverses + from, to - from).CopyTo(new Span<float>(seen + from, to - from));
                inverses = seen;
                seen += BytePage.Keys;
            }

            _scratch.Pages[i] = new BytePage
            {
                KeyCodes = keys,
                ValueCodes = values,
                KeysAhead = Ahead(indices, i + AheadBlocks, count, pagesLeft) - keys,
                ValuesAhead = Ahead(indices, count + i + AheadBlocks, count, pagesLeft) - values,
                KeyScales = scales,
                ValueLogs = _arguments.CapFactor > 0 ? _scratch.Zeros : scales + BytePage.Keys,
                ValueInverses = inverses,
            };
        }
    }

    /// <summary>What is read so many blocks after the step's first: keys of its pages, then values, then keys of the next step's.</summary>
    private byte* Ahead(int* indices, int block, int count, long pagesLeft)
    {
        int page = block < count ? block : block - count;
        return block >= count && page < count ? _arguments.Pages.Values(indices[page], _unit.KVHead)
            : _arguments.Pages.Keys(indices[page < count || page < pagesLeft ? page : 0], _unit.KVHead);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scores(ByteAttentionArguments step, int rows)
    {
        (int groups, int rest) = Math.DivRem(rows, Tile);
        if (groups > 0)
        {
            step.RowGroups = groups;
            step.NextPageRows = step.PageStride - ((groups - 1) * Tile * ByteRow.Bytes);
            _kernels.Scores(Tile, &step);
        }

        if (rest > 0)
        {
            step = From(step, groups * Tile);
            step.RowGroups = 1;
            step.NextPageRows = step.PageStride;
            _kernels.Scores(rest, &step);
        }
    }

    /// <summary>Makes the weights with the first features' sums, then adds up the other features.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeightsAndSums(ByteAttentionArguments step, int rows)
    {
        int vectors = Math.Min(MostVectors, _arguments.PaddedHeadDim / Width);
        (int groups, int rest) = Math.DivRem(rows, Tile);
        if (groups > 0)
        {
            step.RowGroups = groups;
            step.NextPageRows = step.PageStride - ((groups - 1) * Tile * ByteRow.Bytes);
            _kernels.WeightsAndSums(vectors, &step);
        }

        if (rest > 0)
        {
            ByteAttentionArguments last = From(step, groups * Tile);
            last.RowGroups = rest;
            _kernels.Weights(&last);
            last.RowGroups = 1;
            _kernels.Sums(rest, vectors, &last);
        }

        for (int column = MostVectors * Width; column < _arguments.PaddedHeadDim; column += MostVectors * Width)
        {
            step.ValueOffset = column * 4L;
            step.Sums += MostVectors * Width;
            Sums(step, rows, Math.Min(MostVectors, (_arguments.PaddedHeadDim - column) / Width));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sums(ByteAttentionArguments step, int rows, int vectors)
    {
        int tile = rows is > MostRows and < 2 * MostRows ? (rows + 1) / 2 : MostRows; // 4 and 3 rather than 6 and 1
        (int groups, int rest) = Math.DivRem(rows, tile);
        if (groups > 0)
        {
            step.RowGroups = groups;
            _kernels.Sums(tile, vectors, &step);
        }

        if (rest > 0)
        {
            step = From(step, groups * tile);
            step.RowGroups = 1;
            _kernels.Sums(rest, vectors, &step);
        }
    }

    /// <summary>The step from a row of it on.</summary>
    private static ByteAttentionArguments From(ByteAttentionArguments step, int row)
    {
        step.Queries += row * step.QueryStride;
        step.QueryFactors += row;
        step.Rows += row * ByteRow.Bytes;
        step.PageFactors += row;
        step.EarlierFactors += row;
        step.Sums = (float*)((byte*)step.Sums + (row * step.SumStride));
        return step;
    }

    /// <summary>Caps scores, and hides from each row the keys that it does not see.</summary>
    /// <returns>Whether any score changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Mask(in AttentionItem item, int firstRow, int rows, int start, int pages, int high, long pageStride)
    {
        int end = start + (pages * BytePage.Keys);
        bool allSeen = high == end && _arguments.KeyEnd(item, Token(firstRow)) >= high
            && _arguments.KeyStart(item, Token(firstRow + rows - 1)) <= start;
        if (allSeen && _arguments.CapFactor == 0)
        {
            return false;
        }

        for (int row = 0; row < rows; row++)
        {
            byte* scores = _scratch.Rows + (row * ByteRow.Bytes);
            for (int page = 0; page < pages && _arguments.CapFactor > 0; page++)
            {
                Cap((float*)(scores + (page * pageStride)), item, start + (page * BytePage.Keys));
            }

            int from = Math.Clamp(_arguments.KeyStart(item, Token(firstRow + row)) - start, 0, high - start);
            int to = Math.Clamp(_arguments.KeyEnd(item, Token(firstRow + row)) - start, 0, high - start);
            Hide(scores, pageStride, 0, from);
            Hide(scores, pageStride, to, pages * BytePage.Keys);
        }

        return true;
    }

    /// <summary>Some keys of the step become keys that a row does not see.</summary>
    private static void Hide(byte* scores, long pageStride, int from, int to)
    {
        while (from < to)
        {
            (int page, int key) = Math.DivRem(from, BytePage.Keys);
            int count = Math.Min(to - from, BytePage.Keys - key);
            new Span<float>((float*)(scores + (page * pageStride)) + key, count).Fill(float.NegativeInfinity);
            from += count;
        }
    }

    /// <summary>The cap is of scores alone: the values' scales are added after it.</summary>
    private void Cap(float* scores, in AttentionItem item, int pageStart)
    {
        int page = _arguments.KVPageIndices[_arguments.KVIndptr[item.Sequence] + (pageStart / BytePage.Keys)];
        AttentionSoftmax<TSimd, TVec>.Cap(scores, BytePage.Keys, _arguments.CapFactor);
        Span<float> all = new(scores, BytePage.Keys);
        TensorPrimitives.Add(all, new ReadOnlySpan<float>(_arguments.Pages.Scales(page, _unit.KVHead) + BytePage.Keys, BytePage.Keys), all);
    }

    /// <summary>Token of the item that a row of the tile belongs to.</summary>
    private int Token(int row) => _unit.FirstToken + (row / _arguments.Group);
}
