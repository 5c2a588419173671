using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Quantises rows of x and lays them out in tiles: <see cref="Int8Products"/>, <see cref="Int8KernelWriter"/>. A piece is a row.</summary>
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
    private const int Lanes = 16;

    private readonly float* _x = x;
    private readonly int _rows = rows;
    private readonly int _blocks = blocks;
    private readonly int _zero = zero;
    private readonly Int8Layout _layout = layout;
    private readonly byte* _tiles = tiles;
    private readonly int _tileRows = tileRows;

    /// <summary>Bytes that the tiles of <paramref name="rows"/> rows take.</summary>
    internal static long Bytes(long rows, int blocks, Int8Layout layout) => rows * blocks * Int8KernelWriter.RowBlockBytes(layout);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        int recordBytes = Int8KernelWriter.RowBlockBytes(_layout);
        for (long row = start; row < end; row++)
        {
            long first = row / _tileRows * _tileRows;
            long tileRows = Math.Min(_tileRows, _rows - first);
            byte* record = _tiles + Bytes(first, _blocks, _layout) + ((row - first) * recordBytes);
            float* source = _x + (row * _blocks * Int8KernelWriter.Block);
            for (int block = 0; block < _blocks; block++)
            {
                (float scale, int lower, int upper) = Quantise(source, (sbyte*)record);
                float* numbers = (float*)(record + Int8KernelWriter.Block);
                numbers[0] = scale;
                ((int*)numbers)[1] = -_zero * (_layout == Int8Layout.TwoScales ? lower : lower + upper);
                if (_layout == Int8Layout.TwoScales)
                {
                    ((int*)numbers)[2] = -_zero * upper;
                }
                else if (_layout == Int8Layout.ScaleAndMinimum)
                {
                    numbers[2] = scale * (lower + upper);
                }

                source += Int8KernelWriter.Block;
                record += tileRows * recordBytes;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Scale, int Lower, int Upper) Quantise(float* source, sbyte* codes)
    {
        Vector512<float> low = Vector512.Load(source), high = Vector512.Load(source + Lanes);
        Vector512<int> magnitude = Vector512.Create(int.MaxValue); // as integers, so that a NaN is the largest
        Vector512<int> both = Vector512.Max(low.AsInt32() & magnitude, high.AsInt32() & magnitude);
        Vector256<int> half = Vector256.Max(both.GetLower(), both.GetUpper());
        Vector128<int> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)));
        float largest = quarter.AsSingle().ToScalar();
        Vector512<float> inverse = Vector512.Create(largest >= Int8Products.Least ? 127 / largest : 0);
        Vector512<int> lowCodes = Avx512F.ConvertToVector512Int32(low * inverse), highCodes = Avx512F.ConvertToVector512Int32(high * inverse);
        Vector256<sbyte> bytes = Vector256.Create(Avx512F.ConvertToVector128SByte(lowCodes), Avx512F.ConvertToVector128SByte(highCodes));
        bytes.Store(codes);

        // Sums of eight bytes each, of codes + 128; two of them are half a block.
        Vector256<ulong> sums = Avx2.SumAbsoluteDifferences(bytes.AsByte() ^ Vector256.Create((byte)128), Vector256<byte>.Zero).AsUInt64();
        Vector128<ulong> halves = Sse2.UnpackLow(sums.GetLower(), sums.GetUpper()) + Sse2.UnpackHigh(sums.GetLower(), sums.GetUpper());
        const int offset = 128 * Lanes;
        return (largest * (1 / 127f), (int)halves.ToScalar() - offset, (int)halves.GetElement(1) - offset);
    }
}
