using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Quantised rows of x against panels of weights where they lie; a piece is a worker, who claims panels, or parts of their rows.</summary>
internal readonly unsafe struct LinearPanelsJob(
    Int8Kernels kernels, LinearArguments arguments, byte* rows, int tileRows, int piece, int splits, PanelClaims claims) : IJob
{
    private const int TileRows = Int8KernelWriter.MostRows;
    private const int BytesAhead = Int8KernelWriter.LinesAhead * 64;

    private readonly Int8Kernels _kernels = kernels;
    private readonly LinearArguments _arguments = arguments;
    private readonly byte* _rows = rows;
    private readonly int _tileRows = tileRows;
    private readonly int _piece = piece;
    private readonly int _splits = splits;
    private readonly PanelClaims _claims = claims;

    public void Execute(int worker, long start, long end)
    {
        for (long claimed = _claims.Next(worker); claimed >= 0; claimed = _claims.Next(worker))
        {
            long first = claimed / _splits * PanelRows.Rows;
            int part = (int)(claimed % _splits);
            int tiles = (_arguments.Rows + _tileRows - 1) / _tileRows;
            int firstRow = (int)((long)tiles * part / _splits) * _tileRows;
            int lastRow = (int)Math.Min((long)tiles * (part + 1) / _splits * _tileRows, _arguments.Rows);
            Panel(firstRow, lastRow, _arguments.W + (first * _arguments.WStride), _arguments.Y + ((long)firstRow * _arguments.Outputs) + first);
            AddBias(firstRow, lastRow, first);
        }
    }

    /// <summary>Some rows against 32 outputs. The next panel follows in memory, and is asked for by the last tiles.</summary>
    private void Panel(int firstRow, int lastRow, byte* w, float* y)
    {
        int recordBytes = Int8KernelWriter.RowBlockBytes(Int8Layout.HalfScale), blockBytes = Int8KernelWriter.PanelBlockBytes(Int8Layout.HalfScale);
        int blocks = _arguments.Features / Int8KernelWriter.Block;
        int fullTiles = (lastRow - firstRow) / _tileRows, rest = (lastRow - firstRow) % _tileRows;
        byte* x = _rows + Int8RowsJob.Bytes(firstRow, blocks, Int8Layout.HalfScale);
        byte* next = w + ((long)blocks * blockBytes);
        for (int block = 0; block < blocks; block += _piece)
        {
            int count = Math.Min(_piece, blocks - block);
            Int8Arguments tiles = new()
            {
                X = x + ((long)block * _tileRows * recordBytes),
                XGap = (long)(blocks - count) * _tileRows * recordBytes,
                W = w + ((long)block * blockBytes),
                Blocks = count,
                Y = y,
                YStride = _arguments.Outputs * sizeof(float),
                IsContinued = block > 0 ? 1 : 0,
            };
            int fetching = Math.Min((blockBytes + BytesAhead - 1) / BytesAhead, fullTiles - 1);
            Tiles(ref tiles, fullTiles - fetching, blocks, null);
            Tiles(ref tiles, fetching, blocks, next + ((long)block * blockBytes));
            if (rest > 0)
            {
                tiles.X = x + ((long)fullTiles * _tileRows * blocks * recordBytes) + ((long)block * rest * recordBytes);
                tiles.Tiles = 1;
                tiles.Ahead = tiles.W;
                tiles.AheadStep = 0;
                _kernels.Tiles(rest, Int8Layout.HalfScale, tiles);
            }
        }
    }

    /// <summary>So many whole tiles, in one call where the kernel can; moves on by them.</summary>
    private void Tiles(ref Int8Arguments tiles, int count, int blocks, byte* ahead)
    {
        tiles.Ahead = ahead == null ? tiles.W : ahead; // nothing that is not there
        tiles.AheadStep = ahead == null ? 0 : BytesAhead;
        int atOnce = _tileRows == TileRows ? count : 1;
        for (int done = 0; done < count; done += atOnce)
        {
            tiles.Tiles = atOnce;
            _kernels.Tiles(_tileRows, Int8Layout.HalfScale, tiles);
            tiles.X += (long)atOnce * _tileRows * blocks * Int8KernelWriter.RowBlockBytes(Int8Layout.HalfScale);
            tiles.Y += (long)atOnce * _tileRows * _arguments.Outputs;
            tiles.Ahead += tiles.AheadStep * atOnce * tiles.Blocks;
        }
    }

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
