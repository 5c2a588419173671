using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Quantises rows of x and lays them out in tiles: <see cref="Int8Products"/>, <see cref="Int8KernelWriter"/>. A piece is some blocks of a tile.</summary>
/// <remarks>A tile's rows alternate in memory block by block, so one worker writes them together: what two of them wrote at once would travel between their caches.</remarks>
/// <param name="x">[rows, features].</param>
/// <param name="rows">Rows.</param>
/// <param name="blocks">Blocks of 32 features.</param>
/// <param name="zero">The code of the weights that stands for 0.</param>
/// <param name="layout">Of the weights.</param>
/// <param name="tiles">Written; <see cref="Bytes"/>.</param>
/// <param name="tileRows">Rows of a tile; the last has what is left.</param>
internal readonly unsafe struct Int8RowsJob(
    float* x, int rows, int blocks, int zero, Int8Layout layout, byte* tiles, int tileRows = Int8KernelWriter.MostRows) : IJob
{
    private const int Lanes = 16, Group = Int8Codes.Blocks;
    private const int PieceBlocks = 32;
    private const int RowsAhead = 2; // of what is read: memory answers later than a row's 32 blocks take
    private const int ElementsOfAClaim = 16_384;

    private readonly float* _x = x;
    private readonly int _rows = rows;
    private readonly int _blocks = blocks;
    private readonly int _zero = zero;
    private readonly Int8Layout _layout = layout;
    private readonly byte* _tiles = tiles;
    private readonly int _tileRows = tileRows;

    /// <summary>All pieces.</summary>
    internal long Pieces => (_rows + _tileRows - 1L) / _tileRows * PiecesOfATile;

    private int PiecesOfATile => (_blocks + PieceBlocks - 1) / PieceBlocks;

    /// <summary>Bytes that the tiles of <paramref name="rows"/> rows take.</summary>
    internal static long Bytes(long rows, int blocks, Int8Layout layout) => rows * blocks * Int8KernelWriter.RowBlockBytes(layout);

    internal static void Run(WorkerPool pool, Int8RowsJob job)
    {
        int elements = Math.Min(job._tileRows, job._rows) * Math.Min(job._blocks, PieceBlocks) * Int8KernelWriter.Block;
        pool.Run(ref job, job.Pieces, ElementsOfAClaim / Math.Max(elements, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        int recordBytes = Int8KernelWriter.RowBlockBytes(_layout);
        for (long piece = start; piece < end; piece++)
        {
            long firstRow = piece / PiecesOfATile * _tileRows;
            int first = (int)(piece % PiecesOfATile) * PieceBlocks, last = Math.Min(first + PieceBlocks, _blocks);
            int tileRows = (int)Math.Min(_tileRows, _rows - firstRow);
            byte* tile = _tiles + Bytes(firstRow, _blocks, _layout);
            long step = tileRows * recordBytes;
            long rowElements = (long)_blocks * Int8KernelWriter.Block;
            for (int row = 0; row < tileRows; row++)
            {
                float* source = _x + ((firstRow + row) * rowElements) + (first * Int8KernelWriter.Block);
                (int turns, int nextRow) = Math.DivRem(row + RowsAhead, tileRows);
                long ahead = ((nextRow - row) * rowElements) + (turns * PieceBlocks * Int8KernelWriter.Block);
                byte* record = tile + ((((long)first * tileRows) + row) * recordBytes);
                int block = first;
                for (; block + Group <= last; block += Group)
                {
                    for (int line = 0; line < Group * Int8KernelWriter.Block; line += Lanes)
                    {
                        Sse.Prefetch0(source + ahead + line);
                    }

                    Int8Codes.Write(source, _zero, _layout, record, record + step, record + (2 * step), record + (3 * step));
                    source += Group * Int8KernelWriter.Block;
                    record += Group * step;
                }

                if (block < last)
                {
                    Int8Codes.WriteFew(source, last - block, _zero, _layout, record, record + step, record + (2 * step));
                }
            }
        }
    }
}
