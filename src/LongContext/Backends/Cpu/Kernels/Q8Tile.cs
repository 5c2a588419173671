using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One row by four outputs of Q8_0 weights, decoded in registers: decoding is at memory speed here, not the bound.</summary>
/// <remarks>
/// Scale times byte has 19 bits and is exact, so these are the same operations as <see cref="LinearTile{TSimd, TVec, TElement}"/>'s
/// over the decoded rows.
/// </remarks>
internal static unsafe class Q8Tile<TSimd, TVec>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row(float* x, byte* w, long wStride, int n, float* bias, float* y)
    {
        byte* w1 = w + wStride;
        byte* w2 = w + (2 * wStride);
        byte* w3 = w + (3 * wStride);
        TVec s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        float* end = x + n;
        long block = 0;
        while (x < end)
        {
            Vector128<float> scales = BlockParts.Half4(w + block, w1 + block, w2 + block, w3 + block);
            long ahead = Prefetch.Ahead(block, wStride, wStride);
            Prefetch.Fetch(w + ahead, 1);
            Prefetch.Fetch(w1 + ahead, 1);
            Prefetch.Fetch(w2 + ahead, 1);
            Prefetch.Fetch(w3 + ahead, 1);
            block += sizeof(ushort);
            TVec d0 = TSimd.Broadcast(scales.ToScalar());
            TVec d1 = TSimd.Broadcast(scales.GetElement(1));
            TVec d2 = TSimd.Broadcast(scales.GetElement(2));
            TVec d3 = TSimd.Broadcast(scales.GetElement(3));
            float* blockEnd = x + 32;
            do
            {
                TVec u = TSimd.Load(x);
                s0 = TSimd.Fma(u, TSimd.Multiply(TSimd.LoadSByte((sbyte*)w + block), d0), s0);
                s1 = TSimd.Fma(u, TSimd.Multiply(TSimd.LoadSByte((sbyte*)w1 + block), d1), s1);
                s2 = TSimd.Fma(u, TSimd.Multiply(TSimd.LoadSByte((sbyte*)w2 + block), d2), s2);
                s3 = TSimd.Fma(u, TSimd.Multiply(TSimd.LoadSByte((sbyte*)w3 + block), d3), s3);
                block += TSimd.Width;
                x += TSimd.Width;
            }
            while (x < blockEnd);
        }

        Vector128<float> offset = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        (TSimd.Sum4(s0, s1, s2, s3) + offset).Store(y);
    }
}
