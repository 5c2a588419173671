using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias with both operands rounded to bfloat16 and sums in F32, for BF16 and quantised weights.</summary>
/// <remarks>Every row count does the same operations in the same order, so a row's bits do not depend on the rows beside it.</remarks>
internal static unsafe class LinearBF16
{
    private const int RowBlock = 512; // rows that are rounded ahead at a time: bounds the scratch
    private const int PanelBytes = 256 << 10; // a decoded panel stays in the second-level cache
    private const int DecodeFrom = 12; // rows from which a whole panel is decoded ahead, not four outputs at a time

    /// <summary>Whether rounding suits weights of <paramref name="type"/>: F32 and F16 would lose bits that others keep, so they keep theirs.</summary>
    /// <remarks>BF16 loses nothing; of a quantised weight the rounding is far smaller than the quantisation was.</remarks>
    internal static bool Suits(DType type) => type is not (DType.F32 or DType.F16);

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, BF16Kernels kernels, DType type, in LinearArguments a)
    {
        if (LinearTurned.SuitsPairs(type, a))
        {
            LinearTurned.Run(pool, scratch, type, kernels, a);
            return;
        }

        int steps = Math.Max((a.Features + BF16KernelWriter.Step - 1) / BF16KernelWriter.Step, 1);
        int panel = Panel(pool, a, steps);
        int ahead = a.Rows >= DecodeFrom ? panel : BF16KernelWriter.Outputs;
        long rowFloats = LinearBF16Job.RowFloats(steps);
        WorkerScratch shares = new(
            scratch, pool.Count, LinearBF16Job.ScratchFloats(steps, ahead), shared: Math.Min(a.Rows, RowBlock) * rowFloats);
        for (int row = 0; row < a.Rows; row += RowBlock)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, RowBlock);
            RoundRowsJob round = new(kernels, part.X, part.Features, steps, shares);
            pool.Run(ref round, part.Rows, 32_768 / (steps * BF16KernelWriter.Step));
            LinearBF16Job job = new(kernels, part, type, steps, panel, ahead, shares);
            pool.Run(ref job, (a.Outputs + (long)panel - 1) / panel, 131_072 / Math.Max((long)part.Rows * a.Features * panel, 1));
        }
    }

    /// <summary>Outputs of a panel: a multiple of 4 that fits the cache, where it is read more than once, and leaves every worker several panels.</summary>
    private static int Panel(WorkerPool pool, in LinearArguments a, int steps)
    {
        int fitting = PanelBytes / sizeof(ushort) / (steps * BF16KernelWriter.Step) / 4 * 4;
        int balanced = a.Outputs / (8 * pool.Count) / 4 * 4;
        return a.Rows <= BF16Kernels.MostRows ? Math.Clamp(balanced, 4, 1024) : Math.Clamp(Math.Min(fitting, balanced), 4, 256);
    }
}
