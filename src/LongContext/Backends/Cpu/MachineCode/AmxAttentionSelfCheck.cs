namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>The part of <see cref="AmxSelfCheck"/> that runs attention's kernels.</summary>
internal static unsafe class AmxAttentionSelfCheck
{
    private const int Blocks = 2, RowGroups = 2, ColumnGroups = 2, Tile = AmxConfiguration.Rows;

    /// <summary>Whether all give what plain managed code gives, to a rounding error.</summary>
    internal static bool Passes(AmxKernels kernels, ushort[] numbers)
    {
        for (int rowTiles = 1; rowTiles <= 2; rowTiles++)
        {
            bool isRight = ProductIsRight(numbers, rowTiles, 2, 8, isSums: false, a => kernels.Scores(rowTiles, 8, a))
                && ProductIsRight(numbers, rowTiles, 2, 16, isSums: false, a => kernels.Scores(rowTiles, 16, a))
                && ProductIsRight(numbers, rowTiles, 1, 16, isSums: true, a => kernels.Sums(rowTiles, 1, a))
                && ProductIsRight(numbers, rowTiles, 2, 16, isSums: true, a => kernels.Sums(rowTiles, 2, a));
            if (!isRight)
            {
                return false;
            }
        }

        return true;
    }

    private static bool ProductIsRight(ushort[] numbers, int rowTiles, int columnTiles, int pairs, bool isSums, Action<AmxAttentionArguments> run)
    {
        const int steps = 3;
        int depth = steps * 2 * pairs; // of a block
        int rows = RowGroups * rowTiles * Tile, columns = ColumnGroups * columnTiles * Tile;
        int aStride = isSums ? Blocks * depth : depth, cStride = isSums ? columns : Blocks * columns, bStride = 2 * columns;
        float[] c = BF16SelfCheck.Numbers(rows * cStride);
        float[] before = [.. c];
        int bStart = numbers.Length - (Blocks * depth / 2 * bStride);
        fixed (ushort* start = numbers)
        fixed (float* to = c)
        {
            AmxBlock* blocks = stackalloc AmxBlock[Blocks];
            for (int i = 0; i < Blocks; i++)
            {
                byte* b = (byte*)(start + bStart + (i * depth / 2 * bStride));
                blocks[i] = new AmxBlock
                {
                    B = b, Steps = steps, Offset = isSums ? i * depth * sizeof(ushort) : i * columns * sizeof(float), Ahead = b, AheadLines = 3,
                };
            }

            run(new AmxAttentionArguments
            {
                A = (byte*)start, AStride = aStride * sizeof(ushort), Blocks = blocks, BlockCount = Blocks, BStride = bStride * sizeof(ushort),
                C = to, CStride = cStride * sizeof(float), ColumnGroups = ColumnGroups, RowGroups = RowGroups,
            });
        }

        for (int i = 0; i < c.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, cStride);
            (int first, int count) = isSums ? (0, Blocks) : (column / columns, 1);
            (double sum, double magnitude) = isSums ? (before[i], Math.Abs(before[i])) : (0, 0);
            for (int k = 0; k < count * depth; k++)
            {
                int pair = ((first * depth) + k) / 2;
                ushort left = numbers[(row * aStride) + k], right = numbers[bStart + (pair * bStride) + (column % columns * 2) + (k % 2)];
                double product = (double)BF16SelfCheck.Widen(left) * BF16SelfCheck.Widen(right);
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }

            if (!(Math.Abs(c[i] - sum) <= 1e-6 * magnitude))
            {
                return false;
            }
        }

        return true;
    }
}
