using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for few rows over quantised weights where they lie: what is computed is <see cref="Int8Products"/>.</summary>
/// <remarks>
/// With few rows memory is the bound: weights are read once and unpacked in registers for all rows at once. With more rows laying them out
/// anew pays (<see cref="LinearInt8"/>); the bits are the same.
/// </remarks>
internal static unsafe class LinearFewRows
{
    private const int PanelBytes = 256 << 10; // weights that two passes read stay in the second-level cache
    private const int LongestPanel = 1024;

    /// <summary>Rows up to which this is the faster way. One pass for all rows, two where unpacking is cheap.</summary>
    internal static int MostRows(DType type) => type == DType.Q8_0 ? 2 * FewRowsWriter.MostRows : FewRowsWriter.MostRows;

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, FewRowsKernels kernels, DType type, in LinearArguments a)
    {
        Int8Layout layout = Int8Panel.Layout(type);
        int blocks = a.Features / Int8Products.Block;
        int passes = (a.Rows + FewRowsWriter.MostRows - 1) / FewRowsWriter.MostRows;
        int passRows = (a.Rows + passes - 1) / passes; // 17 rows as 9 and 8, not as 16 and 1
        WorkerScratch shares = new(
            scratch, pool.Count, LinearFewRowsJob.ScratchFloats(a),
            shared: PanelClaims.Floats(pool.Count) + (Int8RowsJob.Bytes(a.Rows, blocks, layout) / sizeof(float)));
        byte* rows = (byte*)(shares.Shared + PanelClaims.Floats(pool.Count));
        Int8RowsJob quantise = new(a.X, a.Rows, blocks, BlockCodes.Zero(type), layout, rows, passRows);
        Int8RowsJob.Run(pool, quantise);
        int panel = Panel(pool, a, passes);
        PanelClaims claims = new(shares.Shared, pool.Count, (a.Outputs + (long)panel - 1) / panel);
        LinearFewRowsJob job = new(kernels, a, rows, type, passRows, panel, claims, shares);
        pool.Run(ref job, pool.Count, (long)a.Rows * a.Features * a.Outputs < 262_144 ? pool.Count : 1);
    }

    /// <summary>Outputs of a panel: whole groups that leave every worker several panels and, where they are read twice, fit the cache.</summary>
    private static int Panel(WorkerPool pool, in LinearArguments a, int passes)
    {
        long balanced = a.Outputs / (8 * pool.Count);
        long fitting = passes > 1 ? PanelBytes / Math.Max(a.WStride, 1) : LongestPanel;
        return (int)Math.Clamp(Math.Min(balanced, fitting) / FewRowsWriter.Outputs * FewRowsWriter.Outputs, FewRowsWriter.Outputs, LongestPanel);
    }
}
