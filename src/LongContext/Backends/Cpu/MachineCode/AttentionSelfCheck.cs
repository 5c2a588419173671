namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated attention kernel once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class AttentionSelfCheck
{
    private const int Pairs = 5, Blocks = 2, RowGroups = 2, Width = 16;
    private const int MostColumns = AttentionKernelWriter.MostVectors * Width;
    private const int Keys = 64; // of the softmax
    private const int SoftmaxRows = 4;

    /// <summary>Whether all kernels give what plain managed code gives, to a rounding error.</summary>
    internal static bool Passes(AttentionKernels kernels)
    {
        float[] numbers = BF16SelfCheck.Numbers(4096);
        ushort[] rounded = [.. numbers.Select(BF16SelfCheck.RoundToNearest)];
        for (int rows = 1; rows <= AttentionKernelWriter.MostRows; rows++)
        {
            for (int vectors = 1; vectors <= AttentionKernelWriter.MostVectors; vectors++)
            {
                if (!ProductIsRight(kernels, rows, vectors, rounded, isSums: false) || !ProductIsRight(kernels, rows, vectors, rounded, isSums: true))
                {
                    return false;
                }
            }
        }

        return SoftmaxIsRight(kernels, numbers);
    }

    private static bool ProductIsRight(AttentionKernels kernels, int rows, int vectors, ushort[] numbers, bool isSums)
    {
        const int aStride = 2 * Pairs * Blocks;
        const int bStride = 2 * MostColumns;
        int totalRows = rows * RowGroups;
        int columns = vectors * Width;
        int cStride = Blocks * columns;
        float[] c = BF16SelfCheck.Numbers(totalRows * cStride);
        float[] before = [.. c];
        float[] factors = [.. Enumerable.Range(0, totalRows).Select(r => 0.25f * r)];
        ushort[] b = [.. numbers.Skip(1000).Take(Blocks * Pairs * bStride)];
        fixed (ushort* aStart = numbers, bStart = b)
        fixed (float* cStart = c, factorStart = factors)
        {
            ProductBlock* blocks = stackalloc ProductBlock[Blocks];
            for (int i = 0; i < Blocks; i++)
            {
                byte* start = (byte*)(bStart + (i * Pairs * bStride));
                long offset = isSums ? i * Pairs * 2 * sizeof(ushort) : i * columns * sizeof(float);
                blocks[i] = new ProductBlock { B = start, Pairs = Pairs, Offset = offset };
            }

            ProductArguments arguments = new()
            {
                A = (byte*)aStart, AStride = aStride * sizeof(ushort), Blocks = blocks, BlockCount = Blocks, BStride = bStride * sizeof(ushort),
                C = cStart, CStride = cStride * sizeof(float), Factors = factorStart, RowGroups = RowGroups,
            };
            if (isSums)
            {
                kernels.Sums(rows, vectors, &arguments);
            }
            else
            {
                kernels.Scores(rows, vectors, &arguments);
            }
        }

        for (int i = 0; i < c.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, cStride);
            bool isAdded = isSums && column < columns;
            (double sum, double magnitude) = isAdded ? (factors[row] * before[i], 1) : isSums ? (before[i], 0) : (0, 1);
            for (int k = 0; k < 2 * Pairs * Blocks && (isAdded || !isSums); k++)
            {
                (int block, int inBlock) = Math.DivRem(k, 2 * Pairs);
                if (!isSums)
                {
                    block = column / columns; // scores: the same queries by every block's keys
                    if (k >= 2 * Pairs)
                    {
                        break;
                    }
                }

                int bRow = ((block * Pairs) + (inBlock / 2)) * bStride;
                sum += (double)BF16SelfCheck.Widen(numbers[(row * aStride) + k])
                    * BF16SelfCheck.Widen(b[bRow + (2 * (column % columns)) + (inBlock % 2)]);
            }

            if (!(Math.Abs(c[i] - sum) <= 1e-5 * magnitude))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SoftmaxIsRight(AttentionKernels kernels, float[] numbers)
    {
        float[] scores = [.. numbers.Take(SoftmaxRows * Keys).Select(x => 20 * x)];
        scores.AsSpan(Keys, Keys).Fill(float.NegativeInfinity); // a row that sees nothing
        scores.AsSpan((2 * Keys) + 7, 30).Fill(float.NegativeInfinity);
        float[] before = [float.NegativeInfinity, float.NegativeInfinity, 3, 100];
        float[] max = [.. before];
        float[] denominators = [0, 0, 2, 5];
        float[] factors = new float[SoftmaxRows];
        ushort[] weights = new ushort[scores.Length];
        fixed (float* s = scores, m = max, d = denominators, f = factors)
        fixed (ushort* w = weights)
        {
            SoftmaxArguments arguments = new()
            {
                Scores = s, ScoreStride = Keys * sizeof(float), Weights = (byte*)w, WeightStride = Keys * sizeof(ushort),
                Steps = Keys / 32, Rows = SoftmaxRows, Max = m, Denominators = d, Factors = f,
            };
            kernels.Softmax(&arguments);
        }

        for (int row = 0; row < SoftmaxRows; row++)
        {
            double newMax = Math.Max(before[row], scores.Skip(row * Keys).Take(Keys).Max());
            bool isEmpty = double.IsNegativeInfinity(newMax);
            double factor = isEmpty || double.IsNegativeInfinity(before[row]) ? 0 : Math.Pow(2, before[row] - newMax);
            double sum = factor * (row == 2 ? 2 : row == 3 ? 5 : 0);
            for (int i = row * Keys; i < (row + 1) * Keys; i++)
            {
                double weight = isEmpty ? 0 : Math.Pow(2, scores[i] - newMax);
                double rounded = BF16SelfCheck.Widen(weights[i]);
                sum += rounded;
                if (!(Math.Abs(rounded - weight) <= 0.0041 * weight + 1e-30))
                {
                    return false;
                }
            }

            if (max[row] != (float)newMax || !(Math.Abs(factors[row] - factor) <= 2e-4 * factor) || !(Math.Abs(denominators[row] - sum) <= 2e-4 * sum))
            {
                return false;
            }
        }

        return true;
    }
}
