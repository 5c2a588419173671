using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for few rows over quantised weights: rows of x to bytes, then generated kernels over the weights where they lie.</summary>
/// <remarks><see cref="Int8Products"/>'s bits, whatever the number of rows.</remarks>
internal static unsafe class LinearFewRows
{
    private const int RowBlock = 512; // rows that are quantised ahead at a time: bounds the scratch
    private const int PanelBytes = 256 << 10; // weights that several passes read stay in the second-level cache

    /// <summary>Rows up to which this is faster than laying the weights out anew.</summary>
    internal static int Limit(DType type) => int.Parse(Environment.GetEnvironmentVariable("LC_LIM") ?? "32");

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, FewRowsKernels kernels, DType type, in LinearArguments a)
    {
        Int8Layout layout = Int8Panel.Layout(type);
        int blocks = a.Features / Int8Products.Block;
        WorkerScratch shares = new(
            scratch, pool.Count, LinearFewRowsJob.ScratchFloats(a), shared: Int8RowsJob.Bytes(Math.Min(a.Rows, RowBlock), blocks, layout) / sizeof(float));
        for (int row = 0; row < a.Rows; row += RowBlock)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, RowBlock);
            int passes = (part.Rows + FewRowsWriter.MostRows - 1) / FewRowsWriter.MostRows;
            int passRows = (part.Rows + passes - 1) / passes; // 17 rows as 9 and 8, not as 16 and 1
            Int8RowsJob quantise = new(part.X, part.Rows, blocks, BlockCodes.Zero(type), layout, (byte*)shares.Shared, passRows);
            pool.Run(ref quantise, part.Rows, 16_384 / Math.Max(a.Features, 1));
            int panel = Panel(pool, a, passes);
            LinearFewRowsJob job = new(kernels, part, type, passRows, panel, shares);
            pool.Run(ref job, (a.Outputs + (long)panel - 1) / panel, 262_144 / Math.Max((long)part.Rows * a.Features * panel, 1));
        }
    }

    /// <summary>Outputs of a panel: whole groups that leave every worker several panels and, where they are read more than once, fit the cache.</summary>
    private static int Panel(WorkerPool pool, in LinearArguments a, int passes)
    {
        long balanced = a.Outputs / (8 * pool.Count);
        long fitting = passes > 1 ? PanelBytes / Math.Max(a.WStride, 1) : 1024;
        return (int)Math.Clamp(Math.Min(balanced, fitting) / FewRowsWriter.Outputs * FewRowsWriter.Outputs, FewRowsWriter.Outputs, 1024);
    }
}
