namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated tile kernel once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class AmxSelfCheck
{
    private const int Width = AmxProductWriter.Width, Step = AmxProductWriter.Step;

    /// <summary>Whether all kernels give what plain managed code gives, to a rounding error.</summary>
    internal static bool Passes(AmxKernels kernels)
    {
        ushort[] numbers = [.. BF16SelfCheck.Numbers(32_768).Select(BF16SelfCheck.RoundToNearest)];
        foreach (int steps in (int[])[1, 4, 7])
        {
            for (int rowTiles = 1; rowTiles <= 2; rowTiles++)
            {
                if (!ProductIsRight(kernels, rowTiles, steps, numbers, isContinued: false) || !ProductIsRight(kernels, rowTiles, steps, numbers, isContinued: true))
                {
                    return false;
                }
            }
        }

        return AmxAttentionSelfCheck.Passes(kernels, numbers);
    }

    private static bool ProductIsRight(AmxKernels kernels, int rowTiles, int steps, ushort[] numbers, bool isContinued)
    {
        const int panels = 2;
        int rows = rowTiles * 16;
        float[] sums = BF16SelfCheck.Numbers(panels * Width * Width);
        float[] before = [.. sums];
        int rowStart = panels * steps * Width * Step;
        fixed (ushort* start = numbers)
        fixed (float* to = sums)
        {
            kernels.Multiply(rowTiles, new AmxProductArguments
            {
                Weights = (byte*)start,
                Rows = (byte*)(start + rowStart),
                Fours = steps / 4,
                Rest = steps % 4,
                Panels = panels,
                Sums = to,
                IsContinued = isContinued ? 1 : 0,
                Ahead = (byte*)start,
            });
        }

        for (int i = 0; i < sums.Length; i++)
        {
            (int panel, int output, int row) = (i / (Width * Width), i / Width % Width, i % Width);
            (double sum, double magnitude) = isContinued ? (before[i], Math.Abs(before[i])) : (0, 0);
            for (int k = 0; k < steps * Step && row < rows; k++)
            {
                (int step, int inStep) = Math.DivRem(k, Step);
                ushort weight = numbers[(((panel * steps) + step) * Width * Step) + (output * Step) + inStep];
                int tile = rowStart + (((step * rowTiles) + (row / 16)) * 16 * Step);
                double product = (double)BF16SelfCheck.Widen(weight) * BF16SelfCheck.Widen(numbers[tile + (inStep / 2 * Step) + (row % 16 * 2) + (inStep % 2)]);
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }

            (sum, magnitude) = row < rows ? (sum, magnitude) : (before[i], 0); // none of the kernel's
            if (!(Math.Abs(sums[i] - sum) <= 1e-6 * magnitude))
            {
                return false;
            }
        }

        return true;
    }
}
