using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Rows of x to bfloat16 in the pairs of features that tiles read, filled up with zeros; a piece is 16 rows.</summary>
/// <param name="x">[rows, features].</param>
/// <param name="rows">Rows.</param>
/// <param name="features">Elements of a row.</param>
/// <param name="steps">Pieces of 32 features.</param>
/// <param name="tiles">Written: [panels of 32 rows][steps][2 tiles, 1 for the rest of 16 rows or fewer][16 pairs][16 rows][2].</param>
internal readonly unsafe struct AmxRowsJob(float* x, int rows, int features, int steps, byte* tiles) : IJob
{
    private const int TileRows = 16, TileBytes = 1024, RowBytes = 64, Step = AmxProductWriter.Step, Width = AmxProductWriter.Width;

    private readonly float* _x = x;
    private readonly int _rows = rows;
    private readonly int _features = features;
    private readonly int _steps = steps;
    private readonly byte* _tiles = tiles;

    /// <summary>Pieces of so many rows.</summary>
    internal static int Pieces(int rows) => (rows + TileRows - 1) / TileRows;

    /// <summary>Floats that the tiles of so many rows take.</summary>
    internal static long Floats(int rows, int steps) => (long)Pieces(rows) * steps * TileBytes / sizeof(float);

    /// <summary>Tiles side by side in the panel that begins at <paramref name="row"/>.</summary>
    internal static int Tiles(int rows, int row) => rows - row > TileRows ? 2 : 1;

    /// <summary>Bytes to a step of the panel that begins at <paramref name="row"/>.</summary>
    internal static long Offset(int rows, int row, int steps, int step) =>
        ((long)(row / TileRows) * steps * TileBytes) + ((long)step * Tiles(rows, row) * TileBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        byte* rounded = stackalloc byte[TileBytes + RowBytes];
        rounded += RowBytes - ((nint)rounded % RowBytes);
        float* last = stackalloc float[Step];
        for (int row = (int)start * TileRows; row < end * TileRows; row += TileRows)
        {
            int panel = row / Width * Width;
            int stride = Tiles(_rows, panel) * TileBytes;
            byte* target = _tiles + Offset(_rows, panel, _steps, 0) + ((row - panel) / TileRows * TileBytes);
            int count = Math.Min(TileRows, _rows - row);
            new Span<byte>(rounded + (count * RowBytes), (TileRows - count) * RowBytes).Clear();
            for (int step = 0; step < _steps; step++)
            {
                int left = _features - (step * Step);
                for (int i = 0; i < count; i++)
                {
                    float* source = _x + ((long)(row + i) * _features) + (step * Step);
                    if (left < Step)
                    {
                        new Span<float>(last, Step).Clear();
                        new ReadOnlySpan<float>(source, left).CopyTo(new Span<float>(last, Step));
                        source = last;
                    }

                    BF16Lanes.Round(source).Store((ushort*)(rounded + (i * RowBytes)));
                }

                BF16Lanes.Turn(rounded, RowBytes, target, RowBytes);
                target += stride;
            }
        }
    }
}
