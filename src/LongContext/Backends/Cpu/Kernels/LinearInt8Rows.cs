using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for few rows over quantised weights: rows of x to bytes, then generated kernels over the weights where they lie.</summary>
/// <remarks><see cref="Int8Products"/>'s bits, whatever the number of rows.</remarks>
internal static unsafe class LinearInt8Rows
{
    private const int RowBlock = 512; // rows that are quantised ahead at a time: bounds the scratch
    private const int PanelBytes = 256 << 10; // weights that several passes read stay in the second-level cache

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, Int8RowsKernels kernels, DType type, in LinearArguments a)
    {
        int blocks = a.Features / Int8Products.Block;
        WorkerScratch shares = new(
            scratch, pool.Count, LinearInt8RowsJob.ScratchFloats(a), shared: (long)Math.Min(a.Rows, RowBlock) * blocks * (Int8RowsWriter.XBytes / sizeof(float)));
        for (int row = 0; row < a.Rows; row += RowBlock)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, RowBlock);
            int passes = (part.Rows + Int8RowsWriter.MostRows - 1) / Int8RowsWriter.MostRows;
            int passRows = (part.Rows + passes - 1) / passes; // 17 rows as 9 and 8, not as 16 and 1
            QuantiseRowsJob quantise = new(part, type, passRows, (byte*)shares.Shared);
            pool.Run(ref quantise, part.Rows, 32_768 / Math.Max(a.Features, 1));
            int panel = Panel(pool, a, passes);
            LinearInt8RowsJob job = new(kernels, part, type, passRows, panel, shares);
            pool.Run(ref job, (a.Outputs + (long)panel - 1) / panel, 262_144 / Math.Max((long)part.Rows * a.Features * panel, 1));
        }
    }

    /// <summary>Outputs of a panel: whole groups that leave every worker several panels and, where they are read more than once, fit the cache.</summary>
    private static int Panel(WorkerPool pool, in LinearArguments a, int passes)
    {
        long balanced = a.Outputs / (8 * pool.Count);
        long fitting = passes > 1 ? PanelBytes / Math.Max(a.WStride, 1) : 1024;
        return (int)Math.Clamp(Math.Min(balanced, fitting) / Int8RowsWriter.Outputs * Int8RowsWriter.Outputs, Int8RowsWriter.Outputs, 1024);
    }
}
