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
    /// <remarks>Every row is read once, whole: rows of a power of two bytes share their places in the first-level cache, which would not keep them for a second read.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Square(float* source, long sourceStride, float* target, long targetStride)
    {
        Quad a = new(source, sourceStride);
        Quad b = new(source + (4 * sourceStride), sourceStride);
        Quad c = new(source + (8 * sourceStride), sourceStride);
        Quad d = new(source + (12 * sourceStride), sourceStride);
        Store(a.C0, b.C0, c.C0, d.C0, target, 4 * targetStride);
        Store(a.C1, b.C1, c.C1, d.C1, target + targetStride, 4 * targetStride);
        Store(a.C2, b.C2, c.C2, d.C2, target + (2 * targetStride), 4 * targetStride);
        Store(a.C3, b.C3, c.C3, d.C3, target + (3 * targetStride), 4 * targetStride);
    }

    /// <summary>Of four rows a quad, columns c, c + 4, c + 8 and c + 12 in the quarters: gathers the quarters of each column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, long stride)
    {
        Vector512<float> abLow = Avx512F.Shuffle4x128(a, b, 0x44); // quarters 0 and 1 of both
        Vector512<float> abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cdLow = Avx512F.Shuffle4x128(c, d, 0x44);
        Vector512<float> cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        Avx512F.Shuffle4x128(abLow, cdLow, 0x88).Store(target);
        Avx512F.Shuffle4x128(abLow, cdLow, 0xDD).Store(target + stride);
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88).Store(target + (2 * stride));
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD).Store(target + (3 * stride));
    }

    /// <summary>Four rows: quarter q of C<c>c</c> has their elements of column 4q + c.</summary>
    private readonly struct Quad
    {
        internal readonly Vector512<float> C0, C1, C2, C3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Quad(float* rows, long stride)
        {
            Vector512<float> a = Vector512.Load(rows);
            Vector512<float> b = Vector512.Load(rows + stride);
            Vector512<float> c = Vector512.Load(rows + (2 * stride));
            Vector512<float> d = Vector512.Load(rows + (3 * stride));
            Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(); // a₀ b₀ a₁ b₁ in every quarter
            Vector512<double> abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
            Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble();
            Vector512<double> cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
            C0 = Avx512F.UnpackLow(abLow, cdLow).AsSingle();
            C1 = Avx512F.UnpackHigh(abLow, cdLow).AsSingle();
            C2 = Avx512F.UnpackLow(abHigh, cdHigh).AsSingle();
            C3 = Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle();
        }
    }
}
