using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Turns squares of sixteen rows by sixteen columns in registers.</summary>
internal static unsafe class Turning
{
    /// <summary>Rows and columns of a square.</summary>
    internal const int Side = 16;

    /// <summary>Writes column c of a square, row after row, at <paramref name="target"/> + c · <paramref name="targetStride"/>; strides in elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Square(float* source, long sourceStride, float* target, long targetStride)
    {
        for (int column = 0; column < Side; column += 4)
        {
            Vector512<float> a = FourRows(source + column, 4 * sourceStride);
            Vector512<float> b = FourRows(source + sourceStride + column, 4 * sourceStride);
            Vector512<float> c = FourRows(source + (2 * sourceStride) + column, 4 * sourceStride);
            Vector512<float> d = FourRows(source + (3 * sourceStride) + column, 4 * sourceStride);
            Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(); // a₀ b₀ a₁ b₁ in every quarter
            Vector512<double> abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
            Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble();
            Vector512<double> cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
            float* t = target + (column * targetStride);
            Avx512F.UnpackLow(abLow, cdLow).AsSingle().Store(t);
            Avx512F.UnpackHigh(abLow, cdLow).AsSingle().Store(t + targetStride);
            Avx512F.UnpackLow(abHigh, cdHigh).AsSingle().Store(t + (2 * targetStride));
            Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle().Store(t + (3 * targetStride));
        }
    }

    /// <summary>Four elements of each of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FourRows(float* source, long stride)
    {
        Vector256<float> lower = Vector128.Load(source).ToVector256Unsafe().WithUpper(Vector128.Load(source + stride));
        Vector256<float> upper = Vector128.Load(source + (2 * stride)).ToVector256Unsafe().WithUpper(Vector128.Load(source + (3 * stride)));
        return lower.ToVector512Unsafe().WithUpper(upper);
    }
}
