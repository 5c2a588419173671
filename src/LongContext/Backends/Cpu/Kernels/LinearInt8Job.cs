using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear over rows of x that were quantised before; a piece is a panel of 32 outputs and some of the rows.</summary>
/// <remarks>
/// A panel's weights are laid out anew for all its rows, some blocks of features at a time, then met by tile after tile. The bytes of the next panel are
/// asked for meanwhile: without that, memory would be waited for at the start of every panel.
/// </remarks>
internal readonly unsafe struct LinearInt8Job(
    Int8Kernels kernels, LinearArguments arguments, DType type, int piece, int splits, int workers, WorkerScratch scratch) : IJob
{
    private const int Outputs = Int8KernelWriter.Outputs, TileRows = Int8KernelWriter.MostRows;
    private const int CacheLine = 64, BytesAhead = Int8KernelWriter.LinesAhead * CacheLine;

    private readonly Int8Kernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly DType _type = type;
    private readonly int _piece = piece;
    private readonly int _splits = splits;
    private readonly int _workers = workers;
    private readonly WorkerScratch _scratch = scratch;

    private Int8Layout Layout => Int8Panel.Layout(_type);

    private int Blocks => _arguments.Features / Int8KernelWriter.Block;

    /// <summary>Bytes of scratch a worker needs: a panel, and for outputs that do not fill one their weights and results.</summary>
    internal static long ScratchBytes(in LinearArguments a, int piece, Int8Layout layout, int rows) =>
        PanelBytes(piece, layout) + (a.Outputs % Outputs == 0 ? 0 : WholeLines(Outputs * a.WStride) + ((long)rows * Outputs * sizeof(float)));

    public void Execute(int worker, long start, long end)
    {
        LinearArguments a = _arguments;
        for (long i = start; i < end; i++)
        {
            long first = i / _splits * Outputs;
            int part = (int)(i % _splits);
            int tiles = (a.Rows + TileRows - 1) / TileRows;
            int firstRow = (int)((long)tiles * part / _splits) * TileRows;
            int lastRow = (int)Math.Min((long)tiles * (part + 1) / _splits * TileRows, a.Rows);
            int outputs = (int)Math.Min(Outputs, a.Outputs - first);
            byte* w = a.W + (first * a.WStride);
            float* y = a.Y + first;
            byte* panel = (byte*)_scratch[worker];
            if (outputs == Outputs)
            {
                byte* next = w + ((i + 1 < end ? 1 : _workers) * Outputs * a.WStride);
                Panel(panel, firstRow, lastRow, w, next, y + ((long)firstRow * a.Outputs), a.Outputs);
            }
            else
            {
                byte* weights = panel + PanelBytes(_piece, Layout);
                float* results = (float*)(weights + WholeLines(Outputs * a.WStride));
                long bytes = outputs * a.WStride;
                Buffer.MemoryCopy(w, weights, bytes, bytes);
                new Span<byte>(weights + bytes, checked((int)((Outputs * a.WStride) - bytes))).Clear();
                Panel(panel, firstRow, lastRow, weights, weights, results, Outputs);
                for (int row = firstRow; row < lastRow; row++)
                {
                    new ReadOnlySpan<float>(results + ((long)(row - firstRow) * Outputs), outputs).CopyTo(new(y + ((long)row * a.Outputs), outputs));
                }
            }

            AddBias(firstRow, lastRow, first, outputs);
        }
    }

    private static long PanelBytes(int blocks, Int8Layout layout) => WholeLines((long)blocks * Int8KernelWriter.PanelBlockBytes(layout));

    private static long WholeLines(long bytes) => (bytes + CacheLine - 1) / CacheLine * CacheLine;

    /// <summary>Some rows against 32 outputs.</summary>
    private void Panel(byte* panel, int firstRow, int lastRow, byte* w, byte* next, float* y, long yStride)
    {
        int recordBytes = Int8KernelWriter.RowBlockBytes(Layout);
        int fullTiles = (lastRow - firstRow) / TileRows;
        int rest = (lastRow - firstRow) % TileRows;
        int blocks = Blocks;
        byte* x = (byte*)_scratch.Shared + Int8RowsJob.Bytes(firstRow, blocks, Layout);
        for (int block = 0; block < blocks; block += _piece)
        {
            int count = Math.Min(_piece, blocks - block);
            long offset = BlockFormat.Of(_type).ByteCount((long)block * Int8KernelWriter.Block);
            long bytes = BlockFormat.Of(_type).ByteCount((long)count * Int8KernelWriter.Block) * Outputs;
            byte* ahead = next + (offset * Outputs);
            int fetching = (int)((bytes + (BytesAhead * count) - 1) / (BytesAhead * count)); // tiles that ask for the next panel: the last ones,
            bool isFetchedByTiles = fetching <= fullTiles; // lest it has left the second-level cache when it is needed
            Int8Panel.Pack(_type, w + offset, _arguments.WStride, count, panel, isFetchedByTiles ? null : ahead);
            Int8Arguments tiles = new()
            {
                X = x + ((long)block * TileRows * recordBytes),
                XGap = (long)(blocks - count) * TileRows * recordBytes,
                W = panel,
                Blocks = count,
                Tiles = isFetchedByTiles ? fullTiles - fetching : fullTiles,
                Y = y,
                YStride = yStride * sizeof(float),
                IsContinued = block > 0 ? 1 : 0,
                Ahead = panel, // nothing that is not there
            };
            if (tiles.Tiles > 0)
            {
                _kernels.Tiles(TileRows, Layout, tiles);
            }

            if (isFetchedByTiles)
            {
                tiles.X += tiles.Tiles * TileRows * blocks * recordBytes;
                tiles.Y += tiles.Tiles * TileRows * yStride;
                tiles.Tiles = fetching;
                tiles.Ahead = ahead;
                tiles.AheadStep = BytesAhead;
                _kernels.Tiles(TileRows, Layout, tiles);
            }

            if (rest > 0)
            {
                tiles.X = x + ((long)fullTiles * TileRows * blocks * recordBytes) + ((long)block * rest * recordBytes);
                tiles.Tiles = 1;
                tiles.Y = y + (fullTiles * TileRows * yStride);
                tiles.Ahead = panel;
                tiles.AheadStep = 0;
                _kernels.Tiles(rest, Layout, tiles);
            }
        }
    }

    private void AddBias(int firstRow, int lastRow, long first, int outputs)
    {
        if (_arguments.Bias == null)
        {
            return;
        }

        for (int row = firstRow; row < lastRow; row++)
        {
            float* y = _arguments.Y + ((long)row * _arguments.Outputs) + first;
            for (int output = 0; output < outputs; output++)
            {
                y[output] += _arguments.Bias[first + output];
            }
        }
    }
}
