using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias of many rows by tile registers: both operands rounded to bfloat16, sums in F32.</summary>
/// <remarks>
/// A worker takes some panels of 32 outputs, writes their weights down in bfloat16 once, in its second-level cache, and multiplies all
/// rows by them. A row's bits do not depend on the rows beside it, but few rows are done by others, who round otherwise.
/// </remarks>
internal static unsafe class LinearAmx
{
    private const int RowBlock = 1024; // rows that are rounded ahead at a time: bounds the scratch
    private const int StepsOfABlock = 128; // 4,096 features: longer rows are cut
    private const int PanelBytes = 1 << 20; // weights that stay in a second-level cache of 2 MB beside the rows that pass
    private const int LeastRowsOfBF16 = 64, LeastRowsOfBlocks = 128; // from where writing the weights down pays; estimated, not measured

    /// <summary>Whether tiles are for weights of <paramref name="type"/> and so many rows.</summary>
    internal static bool Suits(DType type, int rows) => LinearBF16.Suits(type) && rows >= (type == DType.BF16 ? LeastRowsOfBF16 : LeastRowsOfBlocks);

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, AmxKernels kernels, DType type, in LinearArguments a)
    {
        int steps = Math.Max((a.Features + AmxProductWriter.Step - 1) / AmxProductWriter.Step, 1);
        int blockSteps = Math.Min(steps, StepsOfABlock);
        int panels = Panels(pool, a.Outputs, blockSteps);
        int mostRows = Math.Min(a.Rows, RowBlock);
        WorkerScratch shares = new(
            scratch, pool.Count, LinearAmxJob.ScratchFloats(steps, blockSteps, panels, mostRows), shared: AmxRowsJob.Floats(mostRows, steps));
        for (int row = 0; row < a.Rows; row += RowBlock)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, RowBlock);
            AmxRowsJob round = new(part.X, part.Rows, part.Features, steps, (byte*)shares.Shared);
            pool.Run(ref round, AmxRowsJob.Pieces(part.Rows), 1);
            LinearAmxJob job = new(kernels, part, type, steps, blockSteps, panels, shares);
            pool.Run(ref job, (a.Outputs + (AmxProductWriter.Width * (long)panels) - 1) / (AmxProductWriter.Width * (long)panels), 1);
        }
    }

    /// <summary>Panels of a piece: what fits the cache, but several pieces for every worker.</summary>
    private static int Panels(WorkerPool pool, int outputs, int blockSteps)
    {
        int fitting = PanelBytes / (blockSteps * AmxProductWriter.Width * AmxProductWriter.Step * sizeof(ushort));
        int balanced = outputs / (4 * pool.Count * AmxProductWriter.Width);
        return Math.Max(Math.Min(fitting, balanced), 1);
    }
}
