using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Quantised rows of x against panels of weights where they lie; a piece is a worker, who claims panels, or parts of their rows.</summary>
/// <remarks>
/// What is read next follows in memory, and is asked for in time: where few tiles read a panel, memory is the bound, and each of them asks for its share
/// of what comes soon; of many tiles the last ones ask for the next panel. Without that, reading and multiplying would take turns. A single row multiplies so
/// little that the processor looks ahead by itself, and all that it needs is the beginning of what it will not see: asking for every line cost it 2 to 4 %.
/// </remarks>
internal readonly unsafe struct LinearPanelsJob(
    Int8Kernels kernels, LinearArguments arguments, byte* rows, int tileRows, int piece, int splits, PanelClaims claims) : IJob
{
    /// <summary>Tiles up to which each asks for its share.</summary>
    internal const int FewTiles = 8;

    private const int CacheLine = 64;
    private const int BytesAhead = Int8KernelWriter.LinesAhead * CacheLine;
    private const int BlocksAhead = 8; // for a single tile; measured: 4 to 16 are alike
    private const int RowBlocksAhead = 12; // for a single row; measured: 8 to 16 are alike

    private readonly Int8Kernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly byte* _rows = rows;
    private readonly int _tileRows = tileRows;
    private readonly int _piece = piece;
    private readonly int _splits = splits;
    private readonly PanelClaims _claims = claims;

    private static int BlockBytes => Int8KernelWriter.PanelBlockBytes(Int8Layout.HalfScale);

    private static int RecordBytes => Int8KernelWriter.RowBlockBytes(Int8Layout.HalfScale);

    private int Blocks => _arguments.Features / Int8KernelWriter.Block;

    public void Execute(int worker, long start, long end)
    {
        int tiles = (_arguments.Rows + _tileRows - 1) / _tileRows;
        for (long claimed = _claims.Next(worker); claimed >= 0; claimed = _claims.Next(worker))
        {
            long first = claimed / _splits * PanelRows.Rows;
            int part = (int)(claimed % _splits);
            int firstRow = (int)((long)tiles * part / _splits) * _tileRows;
            int lastRow = (int)Math.Min((long)tiles * (part + 1) / _splits * _tileRows, _arguments.Rows);
            Panel(firstRow, lastRow, _arguments.W + (first * _arguments.WStride), _arguments.Y + ((long)firstRow * _arguments.Outputs) + first);
            AddBias(firstRow, lastRow, first);
        }
    }

    /// <summary>Some rows against 32 outputs, a piece of the features after another.</summary>
    private void Panel(int firstRow, int lastRow, byte* w, float* y)
    {
        int fullTiles = (lastRow - firstRow) / _tileRows, rest = (lastRow - firstRow) % _tileRows;
        byte* x = _rows + Int8RowsJob.Bytes(firstRow, Blocks, Int8Layout.HalfScale);
        for (int block = 0; block < Blocks; block += _piece)
        {
            int count = Math.Min(_piece, Blocks - block);
            Int8Arguments tiles = new()
            {
                XGap = (long)(Blocks - count) * _tileRows * RecordBytes,
                W = w + ((long)block * BlockBytes),
                Blocks = count,
                YStride = _arguments.Outputs * sizeof(float),
                IsContinued = block > 0 ? 1 : 0,
            };
            if (fullTiles < FewTiles)
            {
                Few(tiles, fullTiles, rest, x, block, y);
            }
            else
            {
                Many(tiles, fullTiles, rest, x, block, y);
            }
        }
    }

    private void Few(Int8Arguments tiles, int fullTiles, int rest, byte* x, int block, float* y)
    {
        int count = fullTiles + (rest > 0 ? 1 : 0);
        bool isRow = count == 1 && _arguments.Rows == 1;
        int more = count switch { 1 => isRow ? 3 : 2, 2 => 1, _ => 0 };
        int bytes = Int8KernelWriter.MoreLinesAhead[more] * CacheLine;
        long distance = (isRow ? RowBlocksAhead : count == 1 ? BlocksAhead : tiles.Blocks) * BlockBytes;
        tiles.Tiles = 1;
        for (int tile = 0; tile < count; tile++)
        {
            bool asks = tile * bytes < BlockBytes;
            tiles.Ahead = tiles.W + (asks ? distance + (tile * bytes) : 0);
            tiles.AheadStep = asks ? BlockBytes : 0;
            int rows = tile < fullTiles ? _tileRows : rest;
            tiles.X = X(x, tile, rows, block);
            tiles.Y = Y(y, tile);
            _kernels.TilesAskingMore(rows, more, tiles);
        }
    }

    private void Many(Int8Arguments tiles, int fullTiles, int rest, byte* x, int block, float* y)
    {
        int fetching = Math.Min((BlockBytes + BytesAhead - 1) / BytesAhead, fullTiles);
        tiles.X = X(x, 0, _tileRows, block);
        tiles.Y = y;
        tiles.Tiles = fullTiles - fetching;
        tiles.Ahead = tiles.W; // nothing that is not there
        if (tiles.Tiles > 0)
        {
            _kernels.Tiles(_tileRows, Int8Layout.HalfScale, tiles);
        }

        tiles.X = X(x, fullTiles - fetching, _tileRows, block);
        tiles.Y = Y(y, fullTiles - fetching);
        tiles.Tiles = fetching;
        tiles.Ahead = tiles.W + ((long)Blocks * BlockBytes); // the same piece of the next panel
        tiles.AheadStep = BytesAhead;
        _kernels.Tiles(_tileRows, Int8Layout.HalfScale, tiles);
        if (rest > 0)
        {
            tiles.X = X(x, fullTiles, rest, block);
            tiles.Y = Y(y, fullTiles);
            tiles.Tiles = 1;
            tiles.Ahead = tiles.W;
            tiles.AheadStep = 0;
            _kernels.Tiles(rest, Int8Layout.HalfScale, tiles);
        }
    }

    /// <summary>Where a tile of <paramref name="rows"/> rows, behind whole ones, has a block.</summary>
    private byte* X(byte* x, int tile, int rows, int block) => x + (((long)tile * _tileRows * Blocks) + ((long)block * rows)) * RecordBytes;

    private float* Y(float* y, int tile) => y + ((long)tile * _tileRows * _arguments.Outputs);

    private void AddBias(int firstRow, int lastRow, long first)
    {
        for (int row = firstRow; row < lastRow && _arguments.Bias != null; row++)
        {
            float* y = _arguments.Y + ((long)row * _arguments.Outputs) + first;
            for (int output = 0; output < PanelRows.Rows; output++)
            {
                y[output] += _arguments.Bias[first + output];
            }
        }
    }
}
