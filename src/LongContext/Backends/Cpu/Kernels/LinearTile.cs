using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Register tiles of <c>y = x · wᵀ + bias</c>, lanes along the features that are summed over.</summary>
/// <remarks>
/// Every element of y is one vector of partial sums, advanced a vector at a time from the first feature to the last and added up
/// at the end: the same operations in whichever tile it falls, so a row's result never depends on the rows beside it.
/// A last piece shorter than a vector is loaded so that it ends at the row's end, its other lanes cleared. n is at least a vector.
/// </remarks>
internal static unsafe class LinearTile<TSimd, TVec, TElement>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
    where TElement : struct, IElement
{
    /// <summary>Six rows by four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows6(float* x, long xStride, byte* w, long wStride, int n, float* bias, float* y, long yStride)
    {
        float* x1 = x + xStride;
        float* x2 = x + (2 * xStride);
        float* x3 = x + (3 * xStride);
        float* x4 = x + (4 * xStride);
        float* x5 = x + (5 * xStride);
        byte* w1 = w + wStride;
        byte* w2 = w + (2 * wStride);
        byte* w3 = w + (3 * wStride);
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVec s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        TVec s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero;
        TVec s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero;
        TVec s40 = TSimd.Zero, s41 = TSimd.Zero, s42 = TSimd.Zero, s43 = TSimd.Zero;
        TVec s50 = TSimd.Zero, s51 = TSimd.Zero, s52 = TSimd.Zero, s53 = TSimd.Zero;
        long whole = n - (n % TSimd.Width);
        for (long k = 0; k < whole; k += TSimd.Width)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes));
            TVec v1 = TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes));
            TVec u = TSimd.Load(x + k);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.Load(x1 + k);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
            u = TSimd.Load(x2 + k);
            s20 = TSimd.Fma(u, v0, s20);
            s21 = TSimd.Fma(u, v1, s21);
            s22 = TSimd.Fma(u, v2, s22);
            s23 = TSimd.Fma(u, v3, s23);
            u = TSimd.Load(x3 + k);
            s30 = TSimd.Fma(u, v0, s30);
            s31 = TSimd.Fma(u, v1, s31);
            s32 = TSimd.Fma(u, v2, s32);
            s33 = TSimd.Fma(u, v3, s33);
            u = TSimd.Load(x4 + k);
            s40 = TSimd.Fma(u, v0, s40);
            s41 = TSimd.Fma(u, v1, s41);
            s42 = TSimd.Fma(u, v2, s42);
            s43 = TSimd.Fma(u, v3, s43);
            u = TSimd.Load(x5 + k);
            s50 = TSimd.Fma(u, v0, s50);
            s51 = TSimd.Fma(u, v1, s51);
            s52 = TSimd.Fma(u, v2, s52);
            s53 = TSimd.Fma(u, v3, s53);
        }

        if (n > whole)
        {
            TVec lanes = TSimd.LastLanes((int)(n - whole));
            long k = n - TSimd.Width;
            TVec v0 = TSimd.And(TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes)), lanes);
            TVec v1 = TSimd.And(TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes)), lanes);
            TVec v2 = TSimd.And(TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes)), lanes);
            TVec v3 = TSimd.And(TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes)), lanes);
            TVec u = TSimd.And(TSimd.Load(x + k), lanes);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.And(TSimd.Load(x1 + k), lanes);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
            u = TSimd.And(TSimd.Load(x2 + k), lanes);
            s20 = TSimd.Fma(u, v0, s20);
            s21 = TSimd.Fma(u, v1, s21);
            s22 = TSimd.Fma(u, v2, s22);
            s23 = TSimd.Fma(u, v3, s23);
            u = TSimd.And(TSimd.Load(x3 + k), lanes);
            s30 = TSimd.Fma(u, v0, s30);
            s31 = TSimd.Fma(u, v1, s31);
            s32 = TSimd.Fma(u, v2, s32);
            s33 = TSimd.Fma(u, v3, s33);
            u = TSimd.And(TSimd.Load(x4 + k), lanes);
            s40 = TSimd.Fma(u, v0, s40);
            s41 = TSimd.Fma(u, v1, s41);
            s42 = TSimd.Fma(u, v2, s42);
            s43 = TSimd.Fma(u, v3, s43);
            u = TSimd.And(TSimd.Load(x5 + k), lanes);
            s50 = TSimd.Fma(u, v0, s50);
            s51 = TSimd.Fma(u, v1, s51);
            s52 = TSimd.Fma(u, v2, s52);
            s53 = TSimd.Fma(u, v3, s53);
        }

        Vector128<float> offset = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        (TSimd.Sum4(s00, s01, s02, s03) + offset).Store(y);
        (TSimd.Sum4(s10, s11, s12, s13) + offset).Store(y + yStride);
        (TSimd.Sum4(s20, s21, s22, s23) + offset).Store(y + (2 * yStride));
        (TSimd.Sum4(s30, s31, s32, s33) + offset).Store(y + (3 * yStride));
        (TSimd.Sum4(s40, s41, s42, s43) + offset).Store(y + (4 * yStride));
        (TSimd.Sum4(s50, s51, s52, s53) + offset).Store(y + (5 * yStride));
    }

    /// <summary>Two rows by four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows2(float* x, long xStride, byte* w, long wStride, int n, float* bias, float* y, long yStride)
    {
        float* x1 = x + xStride;
        byte* w1 = w + wStride;
        byte* w2 = w + (2 * wStride);
        byte* w3 = w + (3 * wStride);
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVec s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        long whole = n - (n % TSimd.Width);
        for (long k = 0; k < whole; k += TSimd.Width)
        {
            TVec v0 = TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes));
            TVec v1 = TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes));
            TVec u = TSimd.Load(x + k);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.Load(x1 + k);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
        }

        if (n > whole)
        {
            TVec lanes = TSimd.LastLanes((int)(n - whole));
            long k = n - TSimd.Width;
            TVec v0 = TSimd.And(TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes)), lanes);
            TVec v1 = TSimd.And(TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes)), lanes);
            TVec v2 = TSimd.And(TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes)), lanes);
            TVec v3 = TSimd.And(TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes)), lanes);
            TVec u = TSimd.And(TSimd.Load(x + k), lanes);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
            u = TSimd.And(TSimd.Load(x1 + k), lanes);
            s10 = TSimd.Fma(u, v0, s10);
            s11 = TSimd.Fma(u, v1, s11);
            s12 = TSimd.Fma(u, v2, s12);
            s13 = TSimd.Fma(u, v3, s13);
        }

        Vector128<float> offset = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        (TSimd.Sum4(s00, s01, s02, s03) + offset).Store(y);
        (TSimd.Sum4(s10, s11, s12, s13) + offset).Store(y + yStride);
    }

    /// <summary>One row by four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows1(float* x, long xStride, byte* w, long wStride, int n, float* bias, float* y, long yStride)
    {
        byte* w1 = w + wStride;
        byte* w2 = w + (2 * wStride);
        byte* w3 = w + (3 * wStride);
        TVec s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        long whole = n - (n % TSimd.Width);
        for (long k = 0; k < whole; k += TSimd.Width)
        {
            long ahead = Prefetch.Ahead(k * TElement.Bytes, wStride, wStride);
            Prefetch.Fetch(w + ahead, 1);
            Prefetch.Fetch(w1 + ahead, 1);
            Prefetch.Fetch(w2 + ahead, 1);
            Prefetch.Fetch(w3 + ahead, 1);

            TVec v0 = TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes));
            TVec v1 = TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes));
            TVec v2 = TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes));
            TVec v3 = TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes));
            TVec u = TSimd.Load(x + k);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
        }

        if (n > whole)
        {
            TVec lanes = TSimd.LastLanes((int)(n - whole));
            long k = n - TSimd.Width;
            TVec v0 = TSimd.And(TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes)), lanes);
            TVec v1 = TSimd.And(TElement.Load<TSimd, TVec>(w1 + (k * TElement.Bytes)), lanes);
            TVec v2 = TSimd.And(TElement.Load<TSimd, TVec>(w2 + (k * TElement.Bytes)), lanes);
            TVec v3 = TSimd.And(TElement.Load<TSimd, TVec>(w3 + (k * TElement.Bytes)), lanes);
            TVec u = TSimd.And(TSimd.Load(x + k), lanes);
            s00 = TSimd.Fma(u, v0, s00);
            s01 = TSimd.Fma(u, v1, s01);
            s02 = TSimd.Fma(u, v2, s02);
            s03 = TSimd.Fma(u, v3, s03);
        }

        Vector128<float> offset = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        (TSimd.Sum4(s00, s01, s02, s03) + offset).Store(y);
    }

    /// <summary>One row and one output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Single(float* x, byte* w, int n, float* bias)
    {
        TVec sum = TSimd.Zero;
        long whole = n - (n % TSimd.Width);
        for (long k = 0; k < whole; k += TSimd.Width)
        {
            sum = TSimd.Fma(TSimd.Load(x + k), TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes)), sum);
        }

        if (n > whole)
        {
            TVec lanes = TSimd.LastLanes((int)(n - whole));
            long k = n - TSimd.Width;
            TVec last = TSimd.And(TElement.Load<TSimd, TVec>(w + (k * TElement.Bytes)), lanes);
            sum = TSimd.Fma(TSimd.And(TSimd.Load(x + k), lanes), last, sum);
        }

        return TSimd.Sum(sum) + (bias == null ? 0 : *bias);
    }

    /// <summary>One row and one output of fewer features than a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Short(float* x, byte* w, int n, float* bias)
    {
        float sum = 0;
        for (int k = 0; k < n; k++)
        {
            sum = MathF.FusedMultiplyAdd(x[k], TElement.LoadScalar(w + (k * TElement.Bytes)), sum);
        }

        return sum + (bias == null ? 0 : *bias);
    }
}
