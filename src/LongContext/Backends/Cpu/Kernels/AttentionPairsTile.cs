using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Attention of a tile of query rows over pages of bfloat16 pairs, both products by generated code.</summary>
/// <remarks>
/// Keys are taken in steps of some pages, at fixed places in the segment: scores of the whole step, then its weights, then its part of
/// the sums. A row's state after a step is a function of the step and the state before; keys that the row does not see have the score −∞
/// and add exactly nothing. So a row's bits depend neither on its tile nor on its chunk, and one row does what a thousand do.
/// </remarks>
internal readonly unsafe struct AttentionPairsTile<TSimd, TVec>(
    AttentionKernels kernels, in AttentionArguments arguments, in AttentionUnit unit, in AttentionPairsScratch scratch) : IAttentionTile
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private const int Width = 16;
    private const int MostRows = AttentionKernelWriter.MostRows;
    private const int MostVectors = AttentionKernelWriter.MostVectors;

    private readonly AttentionKernels _kernels = kernels;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit _unit = unit;
    private readonly AttentionPairsScratch _scratch = scratch;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(in AttentionState state, int start, int end)
    {
        state.Clear();
        ref AttentionItem item = ref _arguments.Items[_unit.Item];
        int pageSize = _arguments.PageSize;
        int stepKeys = AttentionPairsScratch.StepPages(pageSize) * pageSize;
        int segmentKeys = AttentionSegments.Keys(pageSize);
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

            for (int row = from * _arguments.Group; row < to * _arguments.Group; row += AttentionPairsScratch.RowBlock)
            {
                int rows = Math.Min(AttentionPairsScratch.RowBlock, (to * _arguments.Group) - row);
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

        Locate(item, stepStart, aheadEnd);
        int columns = (high + 31) / 32 * 32;
        Scores(item, firstRow, rows, stepStart, low, high);
        Mask(item, firstRow, rows, stepStart, high, columns);
        SoftmaxArguments softmax = new()
        {
            Scores = _scratch.Scores,
            ScoreStride = AttentionPairsScratch.ScoreFloats(_arguments) * sizeof(float),
            Weights = _scratch.Weights,
            WeightStride = AttentionPairsScratch.WeightFloats(_arguments) * sizeof(float),
            Steps = columns / 32,
            Rows = rows,
            Max = state.Max + firstRow,
            Denominators = state.Denominators + firstRow,
            Factors = _scratch.Factors,
        };
        _kernels.Softmax(&softmax);
        Sums(item, state, firstRow, rows, stepStart, low, high, aheadEnd);
    }

    /// <summary>This step's pages and the next one's: the kernels ask for lines of the page that comes next alone.</summary>
    private void Locate(in AttentionItem item, int stepStart, int aheadEnd)
    {
        int pageSize = _arguments.PageSize;
        int* pages = Pages(item, stepStart);
        long left = ((long)aheadEnd - stepStart + pageSize - 1) / pageSize;
        for (int i = 0; i < Math.Min(left, 2L * AttentionPairsScratch.StepPages(pageSize)); i++)
        {
            _arguments.Pages.Locate(pages[i], _unit.KVHead);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scores(in AttentionItem item, int firstRow, int rows, int stepStart, int low, int high)
    {
        int pageSize = _arguments.PageSize;
        int* pages = Pages(item, stepStart);
        int firstPage = low / pageSize;
        int count = ((high - 1) / pageSize) + 1 - firstPage;
        for (int i = 0; i < count; i++)
        {
            byte* keys = _arguments.Pages.Keys(pages[firstPage + i], _unit.KVHead);
            byte* ahead = i + 1 < count
                ? _arguments.Pages.Keys(pages[firstPage + i + 1], _unit.KVHead)
                : _arguments.Pages.Values(pages[firstPage], _unit.KVHead);
            _scratch.Blocks[i] = new ProductBlock
            {
                B = keys,
                Ahead = ahead - keys,
                Pairs = _arguments.HeadDim / 2,
                Offset = (firstPage + i) * (long)pageSize * sizeof(float),
            };
        }

        ProductArguments product = new()
        {
            A = (byte*)(_scratch.Queries + ((long)firstRow * _arguments.HeadDim)),
            AStride = _arguments.HeadDim * sizeof(ushort),
            Blocks = _scratch.Blocks,
            BlockCount = count,
            BStride = pageSize * 2 * sizeof(ushort),
            C = _scratch.Scores,
            CStride = AttentionPairsScratch.ScoreFloats(_arguments) * sizeof(float),
        };
        Product(product, rows, pageSize, isSums: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sums(
        in AttentionItem item, in AttentionState state, int firstRow, int rows, int stepStart, int low, int high, int aheadEnd)
    {
        int pageSize = _arguments.PageSize;
        int* pages = Pages(item, stepStart);
        long stride = _arguments.PaddedHeadDim * 2L * sizeof(ushort);
        int count = 0;
        for (int key = low / 2 * 2; key < high;)
        {
            (int page, int slot) = Math.DivRem(key, pageSize);
            int next = Math.Min(high, (page + 1) * pageSize);
            byte* values = _arguments.Pages.Values(pages[page], _unit.KVHead) + (slot / 2 * stride);
            ProductBlock block = new()
            {
                B = values,
                Ahead = Ahead(item, stepStart, page + 1, high, aheadEnd, values),
                Pairs = (next - key) / 2,
                Offset = key * (long)sizeof(ushort),
            };
            if (block.Pairs == 0)
            {
                block.B = (byte*)FirstOfPair((uint*)values); // the other slot may never have been written
                (block.Pairs, block.Ahead) = (1, 0);
                next = high + 1;
            }

            _scratch.Blocks[count++] = block;
            key += 2 * (int)block.Pairs;
        }

        ProductArguments product = new()
        {
            A = _scratch.Weights,
            AStride = AttentionPairsScratch.WeightFloats(_arguments) * sizeof(float),
            Blocks = _scratch.Blocks,
            BlockCount = count,
            BStride = stride,
            C = state.Sums + ((long)firstRow * _arguments.PaddedHeadDim),
            CStride = _arguments.PaddedHeadDim * sizeof(float),
            Factors = _scratch.Factors,
        };
        Product(product, rows, _arguments.PaddedHeadDim, isSums: true);
    }

    /// <summary>Cuts a product into the kernels' tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Product(ProductArguments product, int rows, int columns, bool isSums)
    {
        int tile = rows is > MostRows and < 2 * MostRows ? (rows + 1) / 2 : MostRows; // 4 and 3 rather than 6 and 1
        int groups = rows / tile;
        int rest = rows % tile;
        float* c = product.C;
        for (int column = 0; column < columns; column += MostVectors * Width)
        {
            int vectors = Math.Min(MostVectors, (columns - column) / Width);
            product.BOffset = column * 2L * sizeof(ushort);
            product.C = c + column;
            if (groups > 0)
            {
                product.RowGroups = groups;
                Call(&product, tile, vectors, isSums);
            }

            if (rest > 0)
            {
                ProductArguments last = product;
                last.A += groups * tile * product.AStride;
                last.C = (float*)((byte*)product.C + (groups * tile * product.CStride));
                last.Factors += groups * tile;
                last.RowGroups = 1;
                Call(&last, rest, vectors, isSums);
            }
        }
    }

    private void Call(ProductArguments* product, int rows, int vectors, bool isSums)
    {
        if (isSums)
        {
            _kernels.Sums(rows, vectors, product);
        }
        else
        {
            _kernels.Scores(rows, vectors, product);
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
            int high = Math.Clamp(_arguments.KeyEnd(item, token) - stepStart, 0, stepHigh);
            new Span<float>(scores, low).Fill(float.NegativeInfinity);
            new Span<float>(scores + high, columns - high).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>From some values to those of the step's page <paramref name="page"/>, or to the next step's first keys.</summary>
    private long Ahead(in AttentionItem item, int stepStart, int page, int high, int aheadEnd, byte* values)
    {
        int pageSize = _arguments.PageSize;
        if (page * pageSize < high)
        {
            return _arguments.Pages.Values(Pages(item, stepStart)[page], _unit.KVHead) - values;
        }

        page = AttentionPairsScratch.StepPages(pageSize);
        bool hasNext = stepStart + ((long)page * pageSize) < aheadEnd;
        return hasNext ? _arguments.Pages.Keys(Pages(item, stepStart)[page], _unit.KVHead) - values : 0;
    }

    /// <summary>A copy of a pair of values with zeros for the second.</summary>
    private ushort* FirstOfPair(uint* values)
    {
        uint* pair = (uint*)_scratch.LastPair;
        for (int d = 0; d < _arguments.PaddedHeadDim; d++)
        {
            pair[d] = values[d] & 0xFFFF;
        }

        return _scratch.LastPair;
    }

    private int* Pages(in AttentionItem item, int stepStart) =>
        _arguments.KVPageIndices + _arguments.KVIndptr[item.Sequence] + (stepStart / _arguments.PageSize);

    /// <summary>Token of the item that a row of the tile belongs to.</summary>
    private int Token(int row) => _unit.FirstToken + (row / _arguments.Group);
}
