using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Register tiles of <c>c = scale · c + a · b</c>, lanes along b's columns: queries by keys, and weights by values.</summary>
/// <remarks>
/// Every element of c is one sum, advanced from the first row of b to the last: the same operations in whichever tile it falls.
/// a is [rows, depth] F32, b [depth, columns], c [rows, columns] F32; scale has one factor a row, or is null for c = a · b.
/// The strides of a and c are in elements, that of b in bytes.
/// </remarks>
internal static unsafe class AttentionTile<TSimd, TVec, TElement>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
    where TElement : struct, IElement
{
    /// <summary>Any number of rows; columns are whole vectors.</summary>
    internal static void Multiply(
        float* a, long aStride, int rows, byte* b, long bStride, int depth, int columns, float* c, long cStride, float* scale)
    {
        int column = 0;
        for (; column + (4 * TSimd.Width) <= columns; column += 4 * TSimd.Width)
        {
            byte* bs = b + (column * TElement.Bytes);
            int row = 0;
            for (; row + 6 <= rows && TSimd.TileRows == 6; row += 6)
            {
                Wide6(a + (row * aStride), aStride, bs, bStride, depth, c + (row * cStride) + column, cStride, Row(scale, row));
            }

            for (; row + 2 <= rows; row += 2)
            {
                Wide2(a + (row * aStride), aStride, bs, bStride, depth, c + (row * cStride) + column, cStride, Row(scale, row));
            }

            if (row < rows)
            {
                Wide1(a + (row * aStride), aStride, bs, bStride, depth, c + (row * cStride) + column, cStride, Row(scale, row));
            }
        }

        for (; column < columns; column += TSimd.Width)
        {
            byte* bs = b + (column * TElement.Bytes);
            int row = 0;
            for (; row + 6 <= rows; row += 6)
            {
                Narrow6(a + (row * aStride), aStride, bs, bStride, depth, c + (row * cStride) + column, cStride, Row(scale, row));
            }

            for (; row < rows; row++)
            {
                Narrow1(a + (row * aStride), aStride, bs, bStride, depth, c + (row * cStride) + column, cStride, Row(scale, row));
            }
        }
    }

    /// <summary>Six rows by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Wide6(float* a, long aStride, byte* b, long bStride, int depth, float* c, long cStride, float* scale)
    {
        float* a1 = a + aStride;
        float* a2 = a + (2 * aStride);
        float* a3 = a + (3 * aStride);
        float* a4 = a + (4 * aStride);
        float* a5 = a + (5 * aStride);
        float* c1 = c + cStride;
        float* c2 = c + (2 * cStride);
        float* c3 = c + (3 * cStride);
        float* c4 = c + (4 * cStride);
        float* c5 = c + (5 * cStride);
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVec s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        TVec s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero;
        TVec s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero;
        TVec s40 = TSimd.Zero, s41 = TSimd.Zero, s42 = TSimd.Zero, s43 = TSimd.Zero;
        TVec s50 = TSimd.Zero, s51 = TSimd.Zero, s52 = TSimd.Zero, s53 = TSimd.Zero;
        if (scale != null)
        {
            TVec f = TSimd.Broadcast(scale[0]);
            s00 = TSimd.Multiply(f, TSimd.Load(c));
            s01 = TSimd.Multiply(f, TSimd.Load(c + TSimd.Width));
            s02 = TSimd.Multiply(f, TSimd.Load(c + (2 * TSimd.Width)));
            s03 = TSimd.Multiply(f, TSimd.Load(c + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[1]);
            s10 = TSimd.Multiply(f, TSimd.Load(c1));
            s11 = TSimd.Multiply(f, TSimd.Load(c1 + TSimd.Width));
            s12 = TSimd.Multiply(f, TSimd.Load(c1 + (2 * TSimd.Width)));
            s13 = TSimd.Multiply(f, TSimd.Load(c1 + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[2]);
            s20 = TSimd.Multiply(f, TSimd.Load(c2));
            s21 = TSimd.Multiply(f, TSimd.Load(c2 + TSimd.Width));
            s22 = TSimd.Multiply(f, TSimd.Load(c2 + (2 * TSimd.Width)));
            s23 = TSimd.Multiply(f, TSimd.Load(c2 + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[3]);
            s30 = TSimd.Multiply(f, TSimd.Load(c3));
            s31 = TSimd.Multiply(f, TSimd.Load(c3 + TSimd.Width));
            s32 = TSimd.Multiply(f, TSimd.Load(c3 + (2 * TSimd.Width)));
            s33 = TSimd.Multiply(f, TSimd.Load(c3 + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[4]);
            s40 = TSimd.Multiply(f, TSimd.Load(c4));
            s41 = TSimd.Multiply(f, TSimd.Load(c4 + TSimd.Width));
            s42 = TSimd.Multiply(f, TSimd.Load(c4 + (2 * TSimd.Width)));
            s43 = TSimd.Multiply(f, TSimd.Load(c4 + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[5]);
            s50 = TSimd.Multiply(f, TSimd.Load(c5));
            s51 = TSimd.Multiply(f, TSimd.Load(c5 + TSimd.Width));
            s52 = TSimd.Multiply(f, TSimd.Load(c5 + (2 * TSimd.Width)));
            s53 = TSimd.Multiply(f, TSimd.Load(c5 + (3 * TSimd.Width)));
        }

        for (long k = 0; k < depth; k++)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(b);
            TVec v1 = TElement.Load<TSimd, TVec>(b + (TSimd.Width * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(b + (2 * TSimd.Width * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(b + (3 * TSimd.Width * TElement.Bytes));
            b += bStride;
            TVec u = TSimd.Broadcast(a[k]);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.Broadcast(a1[k]);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
            u = TSimd.Broadcast(a2[k]);
            s20 = TSimd.Fma(u, v0, s20);
            s21 = TSimd.Fma(u, v1, s21);
            s22 = TSimd.Fma(u, v2, s22);
            s23 = TSimd.Fma(u, v3, s23);
            u = TSimd.Broadcast(a3[k]);
            s30 = TSimd.Fma(u, v0, s30);
            s31 = TSimd.Fma(u, v1, s31);
            s32 = TSimd.Fma(u, v2, s32);
            s33 = TSimd.Fma(u, v3, s33);
            u = TSimd.Broadcast(a4[k]);
            s40 = TSimd.Fma(u, v0, s40);
            s41 = TSimd.Fma(u, v1, s41);
            s42 = TSimd.Fma(u, v2, s42);
            s43 = TSimd.Fma(u, v3, s43);
            u = TSimd.Broadcast(a5[k]);
            s50 = TSimd.Fma(u, v0, s50);
            s51 = TSimd.Fma(u, v1, s51);
            s52 = TSimd.Fma(u, v2, s52);
            s53 = TSimd.Fma(u, v3, s53);
        }

        TSimd.Store(c, s00);
        TSimd.Store(c + TSimd.Width, s01);
        TSimd.Store(c + (2 * TSimd.Width), s02);
        TSimd.Store(c + (3 * TSimd.Width), s03);
        TSimd.Store(c1, s10);
        TSimd.Store(c1 + TSimd.Width, s11);
        TSimd.Store(c1 + (2 * TSimd.Width), s12);
        TSimd.Store(c1 + (3 * TSimd.Width), s13);
        TSimd.Store(c2, s20);
        TSimd.Store(c2 + TSimd.Width, s21);
        TSimd.Store(c2 + (2 * TSimd.Width), s22);
        TSimd.Store(c2 + (3 * TSimd.Width), s23);
        TSimd.Store(c3, s30);
        TSimd.Store(c3 + TSimd.Width, s31);
        TSimd.Store(c3 + (2 * TSimd.Width), s32);
        TSimd.Store(c3 + (3 * TSimd.Width), s33);
        TSimd.Store(c4, s40);
        TSimd.Store(c4 + TSimd.Width, s41);
        TSimd.Store(c4 + (2 * TSimd.Width), s42);
        TSimd.Store(c4 + (3 * TSimd.Width), s43);
        TSimd.Store(c5, s50);
        TSimd.Store(c5 + TSimd.Width, s51);
        TSimd.Store(c5 + (2 * TSimd.Width), s52);
        TSimd.Store(c5 + (3 * TSimd.Width), s53);
    }

    /// <summary>Two rows by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Wide2(float* a, long aStride, byte* b, long bStride, int depth, float* c, long cStride, float* scale)
    {
        float* a1 = a + aStride;
        float* c1 = c + cStride;
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVec s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        if (scale != null)
        {
            TVec f = TSimd.Broadcast(scale[0]);
            s00 = TSimd.Multiply(f, TSimd.Load(c));
            s01 = TSimd.Multiply(f, TSimd.Load(c + TSimd.Width));
            s02 = TSimd.Multiply(f, TSimd.Load(c + (2 * TSimd.Width)));
            s03 = TSimd.Multiply(f, TSimd.Load(c + (3 * TSimd.Width)));
            f = TSimd.Broadcast(scale[1]);
            s10 = TSimd.Multiply(f, TSimd.Load(c1));
            s11 = TSimd.Multiply(f, TSimd.Load(c1 + TSimd.Width));
            s12 = TSimd.Multiply(f, TSimd.Load(c1 + (2 * TSimd.Width)));
            s13 = TSimd.Multiply(f, TSimd.Load(c1 + (3 * TSimd.Width)));
        }

        for (long k = 0; k < depth; k++)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(b);
            TVec v1 = TElement.Load<TSimd, TVec>(b + (TSimd.Width * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(b + (2 * TSimd.Width * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(b + (3 * TSimd.Width * TElement.Bytes));
            b += bStride;
            TVec u = TSimd.Broadcast(a[k]);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.Broadcast(a1[k]);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
        }

        TSimd.Store(c, s00);
        TSimd.Store(c + TSimd.Width, s01);
        TSimd.Store(c + (2 * TSimd.Width), s02);
        TSimd.Store(c + (3 * TSimd.Width), s03);
        TSimd.Store(c1, s10);
        TSimd.Store(c1 + TSimd.Width, s11);
        TSimd.Store(c1 + (2 * TSimd.Width), s12);
        TSimd.Store(c1 + (3 * TSimd.Width), s13);
    }

    /// <summary>One row by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Wide1(float* a, long aStride, byte* b, long bStride, int depth, float* c, long cStride, float* scale)
    {
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        if (scale != null)
        {
            TVec f = TSimd.Broadcast(scale[0]);
            s00 = TSimd.Multiply(f, TSimd.Load(c));
            s01 = TSimd.Multiply(f, TSimd.Load(c + TSimd.Width));
            s02 = TSimd.Multiply(f, TSimd.Load(c + (2 * TSimd.Width)));
            s03 = TSimd.Multiply(f, TSimd.Load(c + (3 * TSimd.Width)));
        }

        for (long k = 0; k < depth; k++)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(b);
            TVec v1 = TElement.Load<TSimd, TVec>(b + (TSimd.Width * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(b + (2 * TSimd.Width * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(b + (3 * TSimd.Width * TElement.Bytes));
            b += bStride;
            TVec u = TSimd.Broadcast(a[k]);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
        }

        TSimd.Store(c, s00);
        TSimd.Store(c + TSimd.Width, s01);
        TSimd.Store(c + (2 * TSimd.Width), s02);
        TSimd.Store(c + (3 * TSimd.Width), s03);
    }

    /// <summary>Six rows by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Narrow6(float* a, long aStride, byte* b, long bStride, int depth, float* c, long cStride, float* scale)
    {
        float* a1 = a + aStride;
        float* a2 = a + (2 * aStride);
        float* a3 = a + (3 * aStride);
        float* a4 = a + (4 * aStride);
        float* a5 = a + (5 * aStride);
        float* c1 = c + cStride;
        float* c2 = c + (2 * cStride);
        float* c3 = c + (3 * cStride);
        float* c4 = c + (4 * cStride);
        float* c5 = c + (5 * cStride);
        TVec s00 = TSimd.Zero;
        TVec s10 = TSimd.Zero;
        TVec s20 = TSimd.Zero;
        TVec s30 = TSimd.Zero;
        TVec s40 = TSimd.Zero;
        TVec s50 = TSimd.Zero;
        if (scale != null)
        {
            TVec f = TSimd.Broadcast(scale[0]);
            s00 = TSimd.Multiply(f, TSimd.Load(c));
            f = TSimd.Broadcast(scale[1]);
            s10 = TSimd.Multiply(f, TSimd.Load(c1));
            f = TSimd.Broadcast(scale[2]);
            s20 = TSimd.Multiply(f, TSimd.Load(c2));
            f = TSimd.Broadcast(scale[3]);
            s30 = TSimd.Multiply(f, TSimd.Load(c3));
            f = TSimd.Broadcast(scale[4]);
            s40 = TSimd.Multiply(f, TSimd.Load(c4));
            f = TSimd.Broadcast(scale[5]);
            s50 = TSimd.Multiply(f, TSimd.Load(c5));
        }

        for (long k = 0; k < depth; k++)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(b);
            b += bStride;
            TVec u = TSimd.Broadcast(a[k]);
            s00 = TSimd.Fma(u, v0, s00);
            u = TSimd.Broadcast(a1[k]);
            s10 = TSimd.Fma(u, v0, s10);
            u = TSimd.Broadcast(a2[k]);
            s20 = TSimd.Fma(u, v0, s20);
            u = TSimd.Broadcast(a3[k]);
            s30 = TSimd.Fma(u, v0, s30);
            u = TSimd.Broadcast(a4[k]);
            s40 = TSimd.Fma(u, v0, s40);
            u = TSimd.Broadcast(a5[k]);
            s50 = TSimd.Fma(u, v0, s50);
        }

        TSimd.Store(c, s00);
        TSimd.Store(c1, s10);
        TSimd.Store(c2, s20);
        TSimd.Store(c3, s30);
        TSimd.Store(c4, s40);
        TSimd.Store(c5, s50);
    }

    /// <summary>One row by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Narrow1(float* a, long aStride, byte* b, long bStride, int depth, float* c, long cStride, float* scale)
    {
        TVec s00 = TSimd.Zero;
        if (scale != null)
        {
            TVec f = TSimd.Broadcast(scale[0]);
            s00 = TSimd.Multiply(f, TSimd.Load(c));
        }

        for (long k = 0; k < depth; k++)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(b);
            b += bStride;
            TVec u = TSimd.Broadcast(a[k]);
            s00 = TSimd.Fma(u, v0, s00);
        }

        TSimd.Store(c, s00);
    }

    private static float* Row(float* scale, int row) => scale == null ? null : scale + row;
}
