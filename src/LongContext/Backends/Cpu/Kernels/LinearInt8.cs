using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for quantised weights, rows of x quantised to bytes; what is computed: <see cref="Int8Products"/>.</summary>
internal static unsafe class LinearInt8
{
    private const int MostRows = 128 * Int8KernelWriter.MostRows; // quantised at a time: bounds the scratch, and keeps it in the last-level cache
    private const int FewRows = 12; // up to here weights are laid out in pieces for the first-level cache: they are used once or a few times
    private const int FewBlocks = 16, ManyBlocks = 128; // of a piece: 18 KB, 147 KB of the second-level cache
    private const int TilesOfAPart = 8;

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, Int8Kernels kernels, DType type, in LinearArguments a)
    {
        Int8Layout layout = Int8Panel.Layout(type);
        int blocks = a.Features / Int8KernelWriter.Block;
        int chunk = Chunk(a.Rows);
        long panels = (a.Outputs + (Int8KernelWriter.Outputs - 1L)) / Int8KernelWriter.Outputs;
        int piece = Math.Min(blocks, a.Rows <= FewRows ? FewBlocks : ManyBlocks);
        WorkerScratch shares = new(
            scratch, pool.Count, LinearInt8Job.ScratchBytes(a, piece, layout, chunk) / sizeof(float),
            shared: Int8RowsJob.Bytes(chunk, blocks, layout) / sizeof(float));
        for (int row = 0; row < a.Rows; row += chunk)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, chunk);
            Int8RowsJob quantise = new(part.X, part.Rows, blocks, BlockCodes.Zero(type), layout, (byte*)shares.Shared);
            Int8RowsJob.Run(pool, quantise);
            int splits = (int)Math.Clamp(4L * pool.Count / Math.Max(panels, 1), 1, Math.Max(part.Rows / (TilesOfAPart * Int8KernelWriter.MostRows), 1));
            LinearInt8Job job = new(kernels, part, type, piece, splits, pool.Count, shares);
            pool.Run(ref job, panels * splits, 131_072 / Math.Max((long)part.Rows * a.Features * Int8KernelWriter.Outputs, 1));
        }
    }

    /// <summary>Rows at a time, of whole tiles: about equal parts.</summary>
    private static int Chunk(int rows)
    {
        int parts = Math.Max((rows + MostRows - 1) / MostRows, 1);
        int part = (rows + parts - 1) / parts;
        return (part + Int8KernelWriter.MostRows - 1) / Int8KernelWriter.MostRows * Int8KernelWriter.MostRows;
    }
}
