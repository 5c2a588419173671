using System.Numerics.Tensors;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated kernel of attention over bytes once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class ByteAttentionSelfCheck
{
    private const int Pages = 2, RowGroups = 2, KeyFours = 3, Width = 16;
    private const int MostRows = RowGroups * ByteAttentionWriter.MostRows;
    private const int PageStride = MostRows * ByteRow.Bytes;
    private const int Lanes = ByteAttentionWriter.RowLanes;
    private const int Columns = Pages * BytePage.Keys, Features = ByteAttentionWriter.MostVectors * Width;

    /// <summary>Whether all kernels give what plain managed code gives, to a rounding error.</summary>
    internal static bool Passes(ByteAttentionKernels kernels)
    {
        byte[] bytes = [.. Enumerable.Range(0, 1 << 15).Select(i => (byte)((i * 167) ^ (i >> 7)))];
        float[] positive = [.. Enumerable.Range(0, 3 * Columns).Select(i => 0.01f + (i % 29 * 0.003f))];
        float[] before = BF16SelfCheck.Numbers(MostRows * Features);
        float[] sums = new float[MostRows * Features], factors = new float[Pages * Lanes], lanes = new float[3 * Lanes];
        byte[] rows = new byte[Pages * PageStride];
        QueryFactor[] queryFactors = [.. Enumerable.Range(0, MostRows).Select(r => new QueryFactor { Scale = 0.001f * (r + 1), Start = 100 * r })];
        fixed (byte* b = bytes, r = rows)
        fixed (float* p = positive, s = sums, f = factors, l = lanes)
        fixed (QueryFactor* q = queryFactors)
        {
            BytePage* pages = stackalloc BytePage[Pages];
            for (int i = 0; i < Pages; i++)
            {
                float* scales = p + (i * BytePage.Keys);
                pages[i] = new BytePage
                {
                    KeyCodes = b + 4096 + (i * KeyFours * 4 * BytePage.Keys), ValueCodes = b + 8192 + (i * Features * BytePage.Keys),
                    KeyScales = scales, ValueLogs = scales + Columns, ValueInverses = scales + (2 * Columns),
                };
            }

            ByteAttentionArguments arguments = new()
            {
                Pages = pages, PageCount = Pages, Queries = b, QueryStride = 4 * KeyFours, KeyFours = KeyFours, QueryFactors = q, Rows = r,
                PageStride = PageStride, PageFactors = f, EarlierFactors = l, Max = l + Lanes, Denominators = l + (2 * Lanes), Sums = s,
                SumStride = Features * sizeof(float), ValueStride = 4 * Features,
            };
            return ScoresAreRight(kernels, arguments) && SoftmaxIsRight(kernels, arguments) && SumsAreRight(kernels, arguments, bytes, before)
                && BothAreRight(kernels, arguments, before);
        }
    }

    private static float* Scores(in ByteAttentionArguments a, int row, int page) => (float*)(a.Rows + (page * PageStride) + (row * ByteRow.Bytes));

    private static byte* Weights(in ByteAttentionArguments a, int row, int page) => (byte*)Scores(a, row, page) + ByteRow.WeightOffset;

    private static bool ScoresAreRight(ByteAttentionKernels kernels, ByteAttentionArguments a)
    {
        for (int rows = 1; rows <= ByteAttentionWriter.WeighingRows; rows++)
        {
            new Span<float>(a.Rows, Pages * PageStride / sizeof(float)).Fill(float.NaN);
            a.RowGroups = RowGroups;
            a.NextPageRows = PageStride - ((RowGroups - 1) * rows * ByteRow.Bytes);
            kernels.Scores(rows, &a);
            for (int i = 0; i < RowGroups * rows * Columns; i++)
            {
                (int row, int column) = Math.DivRem(i, Columns);
                (int page, int key) = Math.DivRem(column, BytePage.Keys);
                long sum = a.QueryFactors[row].Start;
                for (int d = 0; d < 4 * KeyFours; d++)
                {
                    sum += (sbyte)a.Queries[(row * a.QueryStride) + d] * a.Pages[page].KeyCodes[(d / 4 * 4 * BytePage.Keys) + (4 * key) + (d % 4)];
                }

                double expected = ((double)sum * a.Pages[page].KeyScales[key] * a.QueryFactors[row].Scale) + a.Pages[page].ValueLogs[key];
                if (!(Math.Abs(Scores(a, row, page)[key] - expected) <= 1e-5 * (1 + Math.Abs(expected))))
                {
                    return false;
                }
            }

            if (!MaximaAreRight(a, RowGroups * rows))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MaximaAreRight(in ByteAttentionArguments a, int rows)
    {
        for (int i = 0; i < Pages * rows; i++)
        {
            (int page, int row) = Math.DivRem(i, rows);
            float max = TensorPrimitives.Max(new ReadOnlySpan<float>(Scores(a, row, page), BytePage.Keys)) - (float)Math.Log2(byte.MaxValue);
            if (a.PageFactors[(page * Lanes) + row] != max || *(float*)Weights(a, row, page) != -max)
            {
                return false;
            }
        }

        return true;
    }

    private static bool SoftmaxIsRight(ByteAttentionKernels kernels, ByteAttentionArguments a)
    {
        const int rows = 5;
        float[] old = [float.NegativeInfinity, float.NegativeInfinity, -3, 100, 0], denominators = [0, 0, 2, 5, 1];
        float[] scores = SomeScores(a, rows);
        old.CopyTo(new Span<float>(a.Max, rows));
        denominators.CopyTo(new Span<float>(a.Denominators, rows));
        a.RowGroups = rows;
        kernels.Maxima(&a);
        kernels.Factors(&a);
        kernels.Weights(&a);
        kernels.Denominators(&a);
        for (int row = 0; row < rows; row++)
        {
            double[] pageMax = [.. Enumerable.Range(0, Pages).Select(p => scores.Skip((row * Columns) + (p * BytePage.Keys)).Take(BytePage.Keys).Max() - Math.Log2(255))];
            double max = Math.Max(old[row], pageMax.Max());
            double sum = denominators[row] * Power(old[row] - max);
            bool isRight = Near(a.Max[row], max) && Near(a.EarlierFactors[row], Power(old[row] - max));
            for (int i = 0; i < Columns; i++)
            {
                (int page, int key) = Math.DivRem(i, BytePage.Keys);
                byte weight = Weights(a, row, page)[(key % Width * 4) + (key / Width)];
                isRight &= Math.Abs(weight - Power(scores[(row * Columns) + i] - pageMax[page])) <= 0.55;
                sum += weight * a.Pages[page].ValueInverses[key] * Power(pageMax[page] - max);
            }

            for (int page = 0; page < Pages; page++)
            {
                isRight &= Near(a.PageFactors[(page * Lanes) + row], Power(pageMax[page] - max));
            }

            if (!isRight || !Near(a.Denominators[row], sum))
            {
                return false;
            }
        }

        return true;

        static double Power(double x) => double.IsNaN(x) ? 0 : Math.Pow(2, x); // nothing seen
    }

    private static bool SumsAreRight(ByteAttentionKernels kernels, ByteAttentionArguments a, byte[] weights, float[] before)
    {
        for (int row = 0; row < MostRows; row++)
        {
            a.EarlierFactors[row] = 0.25f * row;
            for (int page = 0; page < Pages; page++)
            {
                a.PageFactors[(page * Lanes) + row] = 0.5f + (0.375f * page * row);
                weights.AsSpan(((row * Pages) + page) * BytePage.Keys, BytePage.Keys).CopyTo(new Span<byte>(Weights(a, row, page), BytePage.Keys));
            }
        }

        for (int shape = 0; shape < ByteAttentionWriter.MostRows * ByteAttentionWriter.MostVectors; shape++)
        {
            int rows = (shape / ByteAttentionWriter.MostVectors) + 1;
            int vectors = (shape % ByteAttentionWriter.MostVectors) + 1;
            before.CopyTo(new Span<float>(a.Sums, before.Length));
            a.RowGroups = RowGroups;
            kernels.Sums(rows, vectors, &a);
            for (int i = 0; i < MostRows * Features; i++)
            {
                (int row, int feature) = Math.DivRem(i, Features);
                double expected = before[i], magnitude = 1;
                if (row < RowGroups * rows && feature < vectors * Width)
                {
                    expected *= a.EarlierFactors[row];
                    for (int w = 0; w < Columns; w++)
                    {
                        (int page, int place) = Math.DivRem(w, BytePage.Keys); // weights lie as values do: four by four
                        sbyte value = (sbyte)a.Pages[page].ValueCodes[(place / 4 * 4 * Features) + (4 * feature) + (place % 4)];
                        double term = (double)a.PageFactors[(page * Lanes) + row] * Weights(a, row, page)[place] * value;
                        expected += term;
                        magnitude += Math.Abs(term);
                    }
                }

                if (!(Math.Abs(a.Sums[i] - expected) <= 1e-6 * magnitude))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Weights and sums at once are, bit for bit, weights and then sums; the last tile of a page and of all, too.</summary>
    private static bool BothAreRight(ByteAttentionKernels kernels, ByteAttentionArguments a, float[] before)
    {
        const int tile = ByteAttentionWriter.WeighingRows;
        Span<float> sums = new(a.Sums, before.Length);
        Span<byte> all = new(a.Rows, Pages * PageStride);
        for (int shape = 0; shape < 2 * ByteAttentionWriter.MostVectors; shape++)
        {
            (int groups, int vectors) = ((shape % 2) + 1, (shape / 2) + 1);
            SomeScores(a, groups * tile);
            before.CopyTo(sums);
            a.RowGroups = groups * tile;
            kernels.Maxima(&a);
            kernels.Factors(&a);
            byte[] scores = all.ToArray();
            kernels.Weights(&a);
            a.RowGroups = groups;
            kernels.Sums(tile, vectors, &a);
            byte[] weights = all.ToArray();
            float[] expected = sums.ToArray();

            scores.CopyTo(all);
            before.CopyTo(sums);
            a.NextPageRows = PageStride - ((groups - 1) * tile * ByteRow.Bytes);
            kernels.WeightsAndSums(vectors, &a);
            if (!sums.SequenceEqual(expected) || !all.SequenceEqual(weights))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Scores of rows of which the second sees nothing, and none the last keys of a page.</summary>
    private static float[] SomeScores(in ByteAttentionArguments a, int rows)
    {
        float[] scores = BF16SelfCheck.Numbers(rows * Columns);
        for (int i = 0; i < scores.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, Columns);
            scores[i] = row == 1 || column >= Columns - 7 ? float.NegativeInfinity : 20 * scores[i];
            Scores(a, row, column / BytePage.Keys)[column % BytePage.Keys] = scores[i];
        }

        return scores;
    }

    private static bool Near(double x, double expected) => x == expected || Math.Abs(x - expected) <= 3e-4 * Math.Abs(expected);
}
