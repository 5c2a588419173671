namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated kernel once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class BF16SelfCheck
{
    private const int Steps = 3, Groups = 2, Features = Steps * BF16KernelWriter.Step, Outputs = Groups * BF16KernelWriter.Outputs;

    /// <summary>Whether all kernels give the sums that plain managed code gives, to a rounding error of floats.</summary>
    internal static bool Passes(BF16Kernels kernels)
    {
        float[] source = Numbers((BF16Kernels.MostRows + Outputs) * Features);
        ushort[] rounded = new ushort[source.Length];
        fixed (float* from = source)
        fixed (ushort* to = rounded)
        {
            kernels.Round(from, to, source.Length / BF16KernelWriter.Step);
            if (!source.Select(RoundToNearest).SequenceEqual(rounded))
            {
                return false;
            }

            ushort* weights = to + (BF16Kernels.MostRows * Features);
            for (int rows = 1; rows <= BF16Kernels.MostRows; rows++)
            {
                if (!DotIsRight(kernels.Dot, rows, to, weights) || !DotIsRight(kernels.DotFromMemory, rows, to, weights))
                {
                    return false;
                }
            }

            return Q8IsRight(kernels, to) && TurnedIsRight(kernels, source);
        }
    }

    /// <summary>The upper half of a float, rounded to nearest, ties to even; subnormal numbers become zero.</summary>
    internal static ushort RoundToNearest(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40)
            : float.IsSubnormal(value) ? (ushort)(bits >> 31 << 15)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static bool DotIsRight(Action<int, DotArguments> dot, int rows, ushort* x, ushort* w)
    {
        float[] sums = new float[Groups * rows * BF16KernelWriter.Outputs * 16];
        fixed (float* to = sums)
        {
            dot(rows, new DotArguments
            {
                X = x,
                XStride = Features * sizeof(ushort),
                W = (byte*)w,
                WStride = Features * sizeof(ushort),
                Steps = Steps,
                Groups = Groups,
                Sums = to,
            });
        }

        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                ushort* weights = w + (output * Features);
                ushort* inputs = x + (row * Features);
                if (!SumIsRight(sums, rows, row, output, k => (double)Widen(inputs[k]) * Widen(weights[k])))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool Q8IsRight(BF16Kernels kernels, ushort* x)
    {
        const int blockBytes = 34;
        byte[] blocks = new byte[Outputs * Steps * blockBytes];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (byte)(i * 37);
        }

        for (int block = 0; block < blocks.Length; block += blockBytes)
        {
            BitConverter.TryWriteBytes(blocks.AsSpan(block), (Half)(0.01f + (block * 1e-4f)));
        }

        float[] sums = new float[Outputs * 16];
        fixed (byte* w = blocks)
        fixed (float* to = sums)
        {
            kernels.DotQ8(new DotArguments { X = x, W = w, WStride = Steps * blockBytes, Steps = Steps, Groups = Groups, Sums = to });
        }

        float Decode(int output, int k)
        {
            Span<byte> block = blocks.AsSpan(((output * Steps) + (k / 32)) * blockBytes);
            return Widen(RoundToNearest((sbyte)block[2 + (k % 32)] * (float)BitConverter.ToHalf(block)));
        }

        for (int output = 0; output < Outputs; output++)
        {
            int o = output;
            if (!SumIsRight(sums, rows: 1, row: 0, output, k => (double)Widen(x[k]) * Decode(o, k)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Two tiles, one sum added to the first of each, steps that are no multiple of those that the kernel takes together.</summary>
    private static bool TurnedIsRight(BF16Kernels kernels, float[] numbers)
    {
        const int steps = 5, tiles = 2, rows = tiles * BF16TurnedWriter.Rows, outputs = BF16TurnedWriter.Outputs, sums = BF16TurnedWriter.Rows * outputs;
        ushort[] x = [.. Enumerable.Range(0, rows * steps * 2).Select(i => RoundToNearest(numbers[i % numbers.Length]))];
        ushort[] w = [.. Enumerable.Range(0, outputs * steps * 2).Select(i => RoundToNearest(numbers[(i + 7) % numbers.Length]))];
        float[] added = [.. Enumerable.Range(0, tiles * sums).Select(i => (float)(i % 11))];
        float[] y = new float[rows * outputs];
        fixed (ushort* from = x)
        fixed (ushort* weights = w)
        fixed (float* earlier = added)
        fixed (float* to = y)
        {
            kernels.DotTurned(new TurnedDotArguments
            {
                X = (float*)from,
                XStride = steps * sizeof(float),
                W = (float*)weights,
                Steps = steps,
                Tiles = tiles,
                Sums = earlier,
                SumsStride = sums * sizeof(float),
                Joined = 1,
                Y = to,
                YStride = outputs * sizeof(float),
                YTileStride = sums * sizeof(float),
            });
        }

        for (int i = 0; i < y.Length; i++)
        {
            (double sum, double magnitude) = (added[i], added[i]);
            for (int k = 0; k < 2 * steps; k++)
            {
                double product = (double)Widen(x[(i / outputs * 2 * steps) + k]) * Widen(w[(((k / 2 * outputs) + (i % outputs)) * 2) + (k % 2)]);
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }

            if (!(Math.Abs(y[i] - sum) <= 1e-6 * magnitude))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Checks every lane of one sum: lane i takes features 2i and 2i + 1 of each step.</summary>
    private static bool SumIsRight(float[] sums, int rows, int row, int output, Func<int, double> product)
    {
        int start = ((((output / BF16KernelWriter.Outputs * rows) + row) * BF16KernelWriter.Outputs) + (output % BF16KernelWriter.Outputs)) * 16;
        for (int lane = 0; lane < 16; lane++)
        {
            (double sum, double magnitude) = (0, 0);
            for (int k = 2 * lane; k < Features; k += BF16KernelWriter.Step)
            {
                sum += product(k) + product(k + 1);
                magnitude += Math.Abs(product(k)) + Math.Abs(product(k + 1));
            }

            if (!(Math.Abs(sums[start + lane] - sum) <= 1e-6 * magnitude))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A bfloat16 as a float.</summary>
    internal static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Numbers between −1 and 1, the same on every run, ties of the rounding among them.</summary>
    internal static float[] Numbers(int count)
    {
        float[] numbers = new float[count];
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            float value = ((int)state) * (1f / int.MaxValue);
            numbers[i] = i % 5 == 0 ? BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000) | 0x8000) : value;
        }

        return numbers;
    }
}
