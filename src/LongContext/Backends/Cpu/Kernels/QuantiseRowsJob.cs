using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Rows of x to bytes as <see cref="Int8Products"/> says, in the layout that the few-row kernels read; a piece is a row.</summary>
/// <remarks>The rows of a pass lie block by block together: [passes, blocks, rows of the pass] pieces of 48 bytes.</remarks>
internal readonly unsafe struct QuantiseRowsJob(LinearArguments arguments, DType type, int passRows, byte* destination) : IJob
{
    private readonly LinearArguments _arguments = arguments;
    private readonly int _zero = BlockCodes.Zero(type);
    private readonly int _passRows = passRows;
    private readonly byte* _destination = destination;

    public void Execute(int worker, long start, long end)
    {
        int blocks = _arguments.Features / Int8Products.Block;
        for (long row = start; row < end; row++)
        {
            long first = row / _passRows * _passRows;
            long rows = Math.Min(_passRows, _arguments.Rows - first);
            byte* to = _destination + (((first * blocks) + (row - first)) * Int8RowsWriter.XBytes);
            Quantise(_arguments.X + (row * _arguments.Features), blocks, to, rows * Int8RowsWriter.XBytes, _zero);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantise(float* x, int blocks, byte* to, long stride, int zero)
    {
        for (int block = 0; block < blocks; block++, x += Int8Products.Block, to += stride)
        {
            (Vector512<float> x0, Vector512<float> x1) = (Vector512.Load(x), Vector512.Load(x + 16));
            float largest = Largest(x0, x1);
            float inverse = largest >= Int8Products.Least ? 127 / largest : 0;
            Vector512<float> factor = Vector512.Create(inverse);
            Vector512<int> q0 = inverse == 0 ? default : Vector512.ConvertToInt32Native(Vector512.Round(x0 * factor));
            Vector512<int> q1 = inverse == 0 ? default : Vector512.ConvertToInt32Native(Vector512.Round(x1 * factor));
            Vector256<short> low = Vector256.Narrow(q0.GetLower(), q0.GetUpper());
            Vector256<short> high = Vector256.Narrow(q1.GetLower(), q1.GetUpper());
            Vector256.Narrow(low, high).AsByte().Store(to);
            float scale = largest * (1 / 127f);
            (int first, int second) = (Vector512.Sum(q0), Vector512.Sum(q1));
            *(float*)(to + Int8RowsWriter.ScaleAt) = scale;
            *(int*)(to + Int8RowsWriter.StartAt) = -zero * (first + second);
            *(float*)(to + Int8RowsWriter.ScaledSumAt) = scale * (first + second);
            *(int*)(to + Int8RowsWriter.SecondStartAt) = 0;
        }
    }

    /// <summary>The largest magnitude, NaN the largest of all: magnitudes compare as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector512<float> x0, Vector512<float> x1)
    {
        Vector512<int> all = Vector512.Max(Vector512.Abs(x0).AsInt32(), Vector512.Abs(x1).AsInt32());
        Vector256<int> half = Vector256.Max(all.GetLower(), all.GetUpper());
        Vector128<int> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)));
        return BitConverter.Int32BitsToSingle(quarter.ToScalar());
    }
}
