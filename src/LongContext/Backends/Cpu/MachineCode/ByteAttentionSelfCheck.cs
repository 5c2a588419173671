namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated kernel of attention over bytes once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class ByteAttentionSelfCheck
{
    private const int Pages = 2, RowGroups = 2, KeyFours = 3, Width = 16;
    private const int MostRows = RowGroups * ByteAttentionWriter.MostRows;
    private const int Columns = Pages * BytePage.Keys, Features = ByteAttentionWriter.MostVectors * Width;

    /// <summary>Whether all kernels give what plain managed code gives, to a rounding error.</summary>
    internal static bool Passes(ByteAttentionKernels kernels)
    {
        byte[] bytes = [.. Enumerable.Range(0, 1 << 15).Select(i => (byte)((i * 167) ^ (i >> 7)))];
        float[] positive = [.. Enumerable.Range(0, 3 * Columns).Select(i => 0.01f + (i % 29 * 0.003f))];
        float[] before = BF16SelfCheck.Numbers(MostRows * Math.Max(Columns, Features));
        float[] scores = [.. before], factors = new float[Pages * ByteAttentionWriter.RowLanes], lanes = new float[3 * ByteAttentionWriter.RowLanes];
        byte[] weights = new byte[MostRows * Columns];
        QueryFactor[] queryFactors = [.. Enumerable.Range(0, MostRows).Select(r => new QueryFactor { Scale = 0.001f * (r + 1), Start = 100 * r })];
        fixed (byte* b = bytes, w = weights)
        fixed (float* p = positive, s = scores, f = factors, l = lanes)
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
                Pages = pages, PageCount = Pages, Queries = b, QueryStride = 4 * KeyFours, KeyFours = KeyFours, QueryFactors = q, Scores = s,
                ScoreStride = Columns * sizeof(float), Weights = w, WeightStride = Columns, PageFactors = f, EarlierFactors = l,
                Max = l + ByteAttentionWriter.RowLanes, Denominators = l + (2 * ByteAttentionWriter.RowLanes), Sums = s,
                SumStride = Features * sizeof(float), ValueStride = 4 * Features,
            };
            return ScoresAreRight(kernels, arguments) && SoftmaxIsRight(kernels, arguments) && SumsAreRight(kernels, arguments, bytes, before);
        }
    }

    private static bool ScoresAreRight(ByteAttentionKernels kernels, ByteAttentionArguments a)
    {
        for (int rows = 1; rows <= ByteAttentionWriter.MostRows; rows++)
        {
            new Span<float>(a.Scores, MostRows * Columns).Fill(float.NaN);
            a.RowGroups = RowGroups;
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
                if (!(Math.Abs(a.Scores[i] - expected) <= 1e-5 * (1 + Math.Abs(expected))))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool SoftmaxIsRight(ByteAttentionKernels kernels, ByteAttentionArguments a)
    {
        const int rows = 5;
        float[] old = [float.NegativeInfinity, float.NegativeInfinity, -3, 100, 0], denominators = [0, 0, 2, 5, 1];
        float[] scores = BF16SelfCheck.Numbers(rows * Columns);
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = i / Columns == 1 || i % Columns >= Columns - 7 ? float.NegativeInfinity : 20 * scores[i]; // row 1 sees nothing
        }

        scores.CopyTo(new Span<float>(a.Scores, scores.Length));
        old.CopyTo(new Span<float>(a.Max, rows));
        denominators.CopyTo(new Span<float>(a.Denominators, rows));
        a.RowGroups = rows;
        kernels.Softmax(&a);
        for (int row = 0; row < rows; row++)
        {
            double[] pageMax = [.. Enumerable.Range(0, Pages).Select(p => scores.Skip((row * Columns) + (p * BytePage.Keys)).Take(BytePage.Keys).Max() - Math.Log2(255))];
            double max = Math.Max(old[row], pageMax.Max());
            double sum = denominators[row] * Power(old[row] - max);
            bool isRight = Near(a.Max[row], max) && Near(a.EarlierFactors[row], Power(old[row] - max));
            for (int i = 0; i < Columns; i++)
            {
                (int page, int key) = Math.DivRem(i, BytePage.Keys);
                byte weight = a.Weights[(row * a.WeightStride) + (page * BytePage.Keys) + (key % Width * 4) + (key / Width)];
                isRight &= Math.Abs(weight - Power(scores[(row * Columns) + i] - pageMax[page])) <= 0.55;
                sum += weight * a.Pages[page].ValueInverses[key] * Power(pageMax[page] - max);
            }

            for (int page = 0; page < Pages; page++)
            {
                isRight &= Near(a.PageFactors[(page * ByteAttentionWriter.RowLanes) + row], Power(pageMax[page] - max));
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
        weights.AsSpan(0, MostRows * Columns).CopyTo(new Span<byte>(a.Weights, MostRows * Columns));
        for (int row = 0; row < MostRows; row++)
        {
            a.EarlierFactors[row] = 0.25f * row;
            a.PageFactors[row] = 0.5f + row;
            a.PageFactors[ByteAttentionWriter.RowLanes + row] = 0.125f * row;
        }

        for (int shape = 0; shape < ByteAttentionWriter.MostRows * ByteAttentionWriter.MostVectors; shape++)
        {
            int rows = (shape / ByteAttentionWriter.MostVectors) + 1;
            int vectors = (shape % ByteAttentionWriter.MostVectors) + 1;
            before.AsSpan(0, MostRows * Features).CopyTo(new Span<float>(a.Sums, MostRows * Features));
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
                        double term = (double)a.PageFactors[(page * ByteAttentionWriter.RowLanes) + row] * a.Weights[(row * Columns) + w] * value;
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

    private static bool Near(double x, double expected) => x == expected || Math.Abs(x - expected) <= 3e-4 * Math.Abs(expected);
}
