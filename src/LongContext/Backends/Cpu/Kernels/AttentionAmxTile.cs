using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Attention of a tile of query rows over pages of bfloat16 pairs, both products by tile registers.</summary>
/// <remarks>
/// The steps of <see cref="AttentionPairsTile{TSimd, TVec}"/>, and for the same reason one row has the bits that it has among a thousand:
/// what a row does not see has the weight zero and adds nothing. So one row is done by tiles too, though it fills a sixteenth of them:
/// its speed is that of memory.
/// </remarks>
internal readonly unsafe struct AttentionAmxTile<TSimd, TVec>(
    AmxKernels kernels, AttentionKernels vectors, in AttentionArguments arguments, in AttentionUnit unit, in AttentionAmxScratch scratch) : IAttentionTile
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private const int KeyGroup = AttentionAmxScratch.KeyGroup, TileRows = AmxConfiguration.Rows, Line = 64;

    private readonly AmxKernels _kernels = kernels;
    private readonly AttentionKernels _vectors = vectors;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit _unit = unit;
    private readonly AttentionAmxScratch _scratch = scratch;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(in AttentionState state, int start, int end)
    {
        state.Clear();
        int totalRows = _unit.Tokens * _arguments.Group;
        Span<float> sums = new(_scratch.Sums, totalRows * _arguments.PaddedHeadDim);
        sums.Clear();
        ref AttentionItem item = ref _arguments.Items[_unit.Item];
        int stepKeys = AttentionPairsScratch.StepPages(_arguments.PageSize) * _arguments.PageSize;
        int segmentKeys = AttentionSegments.Keys(_arguments.PageSize);
        int segmentStart = start / segmentKeys * segmentKeys;
        long segmentEnd = (long)segmentStart + segmentKeys;
        for (long step = segmentStart + ((start - segmentStart) / stepKeys * stepKeys); step < end; step += stepKeys)
        {
            int from = 0; // the first token that sees keys of the step; those behind it may see none any more, and add nothing
            while (from < _unit.Tokens && _arguments.KeyEnd(item, _unit.FirstToken + from) <= step)
            {
                from++;
            }

            for (int row = from * _arguments.Group; row < totalRows; row += AttentionAmxScratch.RowBlock)
            {
                int rows = Math.Min(AttentionAmxScratch.RowBlock, totalRows - row);
                Step(item, state, row, rows, (int)step, (int)Math.Min(Math.Min(step + stepKeys, segmentEnd), end));
            }
        }

        sums.CopyTo(new Span<float>(state.Sums, sums.Length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Step(in AttentionItem item, in AttentionState state, int firstRow, int rows, int stepStart, int stepEnd)
    {
        int low = Math.Max(0, _arguments.KeyStart(item, Token(firstRow)) - stepStart);
        int high = Math.Min(stepEnd, _arguments.KeyEnd(item, Token(firstRow + rows - 1))) - stepStart;
        if (low >= high)
        {
            return;
        }

        int columns = (high + KeyGroup - 1) / KeyGroup * KeyGroup;
        Scores(item, firstRow, rows, stepStart, low, high);
        Mask(item, firstRow, rows, stepStart, high, columns);
        SoftmaxArguments softmax = new()
        {
            Scores = _scratch.Scores,
            ScoreStride = AttentionPairsScratch.ScoreFloats(_arguments) * sizeof(float),
            Weights = _scratch.Weights,
            WeightStride = AttentionPairsScratch.WeightFloats(_arguments) * sizeof(float),
            Steps = columns / KeyGroup,
            Rows = rows,
            Max = state.Max + firstRow,
            Denominators = state.Denominators + firstRow,
            Factors = _scratch.Factors,
        };
        _vectors.Softmax(&softmax);
        Rescale(firstRow, rows);
        Sums(item, firstRow, rows, stepStart, low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scores(in AttentionItem item, int firstRow, int rows, int stepStart, int low, int high)
    {
        int pageSize = _arguments.PageSize, pairs = AttentionAmx.Pairs(_arguments.HeadDim);
        int* pages = Pages(item, stepStart);
        int firstPage = low / pageSize;
        int count = ((high - 1) / pageSize) + 1 - firstPage;
        for (int i = 0; i < count; i++)
        {
            byte* ahead = i + 1 < count
                ? _arguments.Pages.Keys(pages[firstPage + i + 1], _unit.KVHead)
                : _arguments.Pages.Values(pages[firstPage], _unit.KVHead);
            _scratch.Blocks[i] = new AmxBlock
            {
                B = _arguments.Pages.Keys(pages[firstPage + i], _unit.KVHead),
                Steps = _arguments.HeadDim / (2 * pairs),
                Offset = (firstPage + i) * (long)pageSize * sizeof(float),
                Ahead = ahead,
                AheadLines = PageLines,
            };
        }

        AmxAttentionArguments product = new()
        {
            A = (byte*)(_scratch.Queries + ((long)firstRow * _arguments.HeadDim)),
            AStride = _arguments.HeadDim * sizeof(ushort),
            Blocks = _scratch.Blocks,
            BlockCount = count,
            BStride = pageSize * 2 * sizeof(ushort),
            C = _scratch.Scores,
            CStride = AttentionPairsScratch.ScoreFloats(_arguments) * sizeof(float),
            ColumnGroups = pageSize / KeyGroup,
        };
        (int whole, bool hasRest) = RowGroups(rows);
        if (whole > 0)
        {
            _kernels.Scores(2, pairs, product with { RowGroups = whole });
        }

        if (hasRest)
        {
            _kernels.Scores(1, pairs, Behind(product, whole));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sums(in AttentionItem item, int firstRow, int rows, int stepStart, int low, int high)
    {
        AmxAttentionArguments product = new()
        {
            A = _scratch.Weights,
            AStride = AttentionPairsScratch.WeightFloats(_arguments) * sizeof(float),
            Blocks = _scratch.Blocks,
            BlockCount = ValueBlocks(item, stepStart, low, high),
            BStride = _arguments.PaddedHeadDim * 2 * sizeof(ushort),
            C = _scratch.Sums + ((long)firstRow * _arguments.PaddedHeadDim),
            CStride = _arguments.PaddedHeadDim * sizeof(float),
        };
        int tiles = _arguments.PaddedHeadDim / TileRows;
        (int whole, bool hasRest) = RowGroups(rows);
        for (int column = 0; column < tiles;)
        {
            int columnTiles = tiles - column > 1 ? 2 : 1;
            product.ColumnGroups = (tiles - column) / columnTiles;
            product.BOffset = column * Line;
            if (whole > 0)
            {
                _kernels.Sums(2, columnTiles, product with { RowGroups = whole });
            }

            if (hasRest)
            {
                _kernels.Sums(1, columnTiles, Behind(product, whole));
            }

            column += columnTiles * (int)product.ColumnGroups;
            product.C += columnTiles * product.ColumnGroups * TileRows;
        }
    }

    /// <summary>The values of a step: whole groups of 32 keys where they lie, others copied with zeros for keys that nobody sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ValueBlocks(in AttentionItem item, int stepStart, int low, int high)
    {
        int pageSize = _arguments.PageSize;
        int* pages = Pages(item, stepStart);
        (int count, int parts) = (0, 0);
        for (int key = low / KeyGroup * KeyGroup; key < high;)
        {
            (int page, int slot) = Math.DivRem(key, pageSize);
            uint* values = (uint*)_arguments.Pages.Values(pages[page], _unit.KVHead) + (slot / 2 * (long)_arguments.PaddedHeadDim);
            int groups = key < low ? 0 : Math.Min(high - key, pageSize - slot) / KeyGroup;
            if (groups == 0)
            {
                uint* part = _scratch.PartValues + (parts++ * (long)AmxAttentionWriter.WholePairs * _arguments.PaddedHeadDim);
                CopySeen(values, part, low - key, high - key);
                values = part;
                groups = 1;
            }

            int nextPage = (key + (groups * KeyGroup)) / pageSize;
            bool hasNext = nextPage > page && nextPage * pageSize < high;
            _scratch.Blocks[count++] = new AmxBlock
            {
                B = (byte*)values,
                Steps = groups,
                Offset = key * (long)sizeof(ushort),
                Ahead = hasNext ? _arguments.Pages.Values(pages[nextPage], _unit.KVHead) : (byte*)values,
                AheadLines = hasNext ? PageLines : 1,
            };
            key += groups * KeyGroup;
        }

        return count;
    }

    /// <summary>Copies 16 pairs of values, zeros for those before key <paramref name="low"/> and from <paramref name="high"/> on: they may never have been written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopySeen(uint* values, uint* part, int low, int high)
    {
        for (int pair = 0; pair < AmxAttentionWriter.WholePairs; pair++)
        {
            uint seen = (IsSeen(2 * pair) ? 0xFFFFu : 0) | (IsSeen((2 * pair) + 1) ? 0xFFFF0000u : 0);
            for (int d = 0; d < _arguments.PaddedHeadDim; d++)
            {
                part[d] = values[d] & seen;
            }

            values += _arguments.PaddedHeadDim;
            part += _arguments.PaddedHeadDim;
        }

        bool IsSeen(int key) => key >= low && key < high;
    }

    /// <summary>Multiplies earlier sums by the step's factors, most of them 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rescale(int firstRow, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            if (_scratch.Factors[row] == 1)
            {
                continue;
            }

            TVec factor = TSimd.Broadcast(_scratch.Factors[row]);
            float* sums = _scratch.Sums + ((long)(firstRow + row) * _arguments.PaddedHeadDim);
            for (int d = 0; d < _arguments.PaddedHeadDim; d += TSimd.Width)
            {
                TSimd.Store(sums + d, TSimd.Multiply(factor, TSimd.Load(sums + d)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mask(in AttentionItem item, int firstRow, int rows, int stepStart, int stepHigh, int columns)
    {
        bool allSeen = stepHigh == columns && _arguments.KeyEnd(item, Token(firstRow)) >= stepStart + stepHigh
            && _arguments.KeyStart(item, Token(firstRow + rows - 1)) <= stepStart;
        if (allSeen && _arguments.CapFactor == 0)
        {
            return;
        }

        long stride = AttentionPairsScratch.ScoreFloats(_arguments);
        for (int row = 0; row < rows; row++)
        {
            float* scores = _scratch.Scores + (row * stride);
            if (_arguments.CapFactor > 0)
            {
                AttentionSoftmax<TSimd, TVec>.Cap(scores, columns, _arguments.CapFactor);
            }

            int token = Token(firstRow + row);
            int low = Math.Clamp(_arguments.KeyStart(item, token) - stepStart, 0, stepHigh);
            int high = Math.Clamp(_arguments.KeyEnd(item, token) - stepStart, low, stepHigh);
            new Span<float>(scores, low).Fill(float.NegativeInfinity);
            new Span<float>(scores + high, columns - high).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>Cache lines of a page's keys or values of one head.</summary>
    private int PageLines => _arguments.PageSize * _arguments.HeadDim * sizeof(ushort) / Line;

    /// <summary>Kernels of 32 rows, and whether one of 16 follows.</summary>
    private static (int Whole, bool HasRest) RowGroups(int rows)
    {
        int tiles = (rows + TileRows - 1) / TileRows;
        return (tiles / 2, tiles % 2 != 0);
    }

    /// <summary>The 16 rows behind so many times 32.</summary>
    private static AmxAttentionArguments Behind(in AmxAttentionArguments product, int whole)
    {
        AmxAttentionArguments rest = product;
        rest.A += whole * 2 * TileRows * product.AStride;
        rest.C = (float*)((byte*)product.C + (whole * 2 * TileRows * product.CStride));
        rest.RowGroups = 1;
        return rest;
    }

    private int* Pages(in AttentionItem item, int stepStart) =>
        _arguments.KVPageIndices + _arguments.KVIndptr[item.Sequence] + (stepStart / _arguments.PageSize);

    /// <summary>Token of the item that a row of the tile belongs to.</summary>
    private int Token(int row) => _unit.FirstToken + (row / _arguments.Group);
}
