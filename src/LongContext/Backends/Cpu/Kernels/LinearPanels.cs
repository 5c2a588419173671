using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for weights in <see cref="MatrixLayout.Panels"/>, rows of x quantised to bytes; what is computed: <see cref="Int8Products"/>.</summary>
/// <remarks>
/// Nothing is laid out here: decode reads the panels in one stream, as fast as memory gives them, and prefill multiplies them where they lie.
/// </remarks>
internal static unsafe class LinearPanels
{
    private const int TileRows = Int8KernelWriter.MostRows;
    private const int MostRows = 128 * TileRows; // quantised at a time: bounds the scratch, and keeps it in the last-level cache
    private const int FewBlocks = 16, ManyBlocks = 128; // of a piece that several tiles read: 17 KB, 139 KB of the second-level cache
    private const int TilesOfAPart = 8;

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, Int8Kernels kernels, in LinearArguments a)
    {
        int blocks = a.Features / Int8Products.Block;
        int chunk = Parts(a.Rows, MostRows);
        bool isFew = a.Rows < LinearPanelsJob.FewTiles * TileRows;
        int tileRows = isFew ? Parts(a.Rows, TileRows) : TileRows; // 7 rows as 4 and 3
        int tiles = (Math.Min(a.Rows, chunk) + tileRows - 1) / tileRows;
        int piece = tiles == 1 ? blocks : Math.Min(blocks, isFew ? FewBlocks : ManyBlocks);
        long panels = a.Outputs / PanelRows.Rows;
        int splits = (int)Math.Clamp(4L * pool.Count / Math.Max(panels, 1), 1, Math.Max(tiles / TilesOfAPart, 1));
        WorkerScratch shares = new(
            scratch, pool.Count, 0, shared: PanelClaims.Floats(pool.Count) + (Int8RowsJob.Bytes(chunk, blocks, Int8Layout.HalfScale) / sizeof(float)));
        byte* rows = (byte*)(shares.Shared + PanelClaims.Floats(pool.Count));
        for (int row = 0; row < a.Rows; row += chunk)
        {
            LinearArguments part = a;
            part.X += (long)row * a.Features;
            part.Y += (long)row * a.Outputs;
            part.Rows = Math.Min(a.Rows - row, chunk);
            Int8RowsJob quantise = new(part.X, part.Rows, blocks, BlockCodes.Zero(DType.Q8_0), Int8Layout.HalfScale, rows, tileRows);
            Int8RowsJob.Run(pool, quantise);
            LinearPanelsJob job = new(kernels, part, rows, tileRows, piece, splits, new PanelClaims(shares.Shared, pool.Count, panels * splits));
            pool.Run(ref job, pool.Count, (long)part.Rows * a.Features * a.Outputs < 262_144 ? pool.Count : 1);
        }
    }

    /// <summary>A copy of a matrix that <see cref="PanelRows.Suits"/>, in panels.</summary>
    internal static Tensor Pack(WorkerPool pool, in Tensor matrix)
    {
        HostStorage storage = HostStorage.Allocate(matrix.ByteCount, MatrixLayout.Panels);
        PackPanelsJob job = new(matrix.HostPointer, matrix.RowLength / Int8Products.Block, storage.Pointer);
        pool.Run(ref job, matrix.Rows / PanelRows.Rows, 4);
        return new Tensor(storage, 0, matrix.Type, matrix.Shape);
    }

    /// <summary>Rows of about equal parts of at most <paramref name="most"/>, in whole tiles where there are several.</summary>
    private static int Parts(int rows, int most)
    {
        int parts = Math.Max((rows + most - 1) / most, 1);
        int part = (rows + parts - 1) / parts;
        return most > TileRows && parts > 1 ? (part + TileRows - 1) / TileRows * TileRows : part;
    }
}
