using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One row by four outputs straight from quantised blocks: a block is decoded into the first-level cache and used at once.</summary>
/// <remarks>The same operations in the same order as <see cref="LinearTile{TSimd, TVec, TElement}"/> over the decoded rows.</remarks>
internal static unsafe class QuantizedTile<TSimd, TVec, TFormat>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
    where TFormat : struct, IBlockQuantized
{
    /// <summary>Floats of scratch that <see cref="Row"/> needs: four decoded blocks and one of bytes.</summary>
    internal static int ScratchFloats => 5 * TFormat.Elements;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row(float* x, byte* w, long wStride, int n, float* bias, float* y, float* scratch)
    {
        float* v0 = scratch;
        float* v1 = v0 + TFormat.Elements;
        float* v2 = v1 + TFormat.Elements;
        float* v3 = v2 + TFormat.Elements;
        sbyte* bytes = (sbyte*)(v3 + TFormat.Elements);
        TVec s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        for (int block = 0; block < n / TFormat.Elements; block++)
        {
            byte* ahead = w + Prefetch.Ahead(block * TFormat.Bytes, wStride, wStride) - (block * TFormat.Bytes);
            Prefetch.Fetch(ahead, TFormat.Bytes);
            Prefetch.Fetch(ahead + wStride, TFormat.Bytes);
            Prefetch.Fetch(ahead + (2 * wStride), TFormat.Bytes);
            Prefetch.Fetch(ahead + (3 * wStride), TFormat.Bytes);
            TFormat.Decode<TSimd, TVec>(w, v0, bytes);
            TFormat.Decode<TSimd, TVec>(w + wStride, v1, bytes);
            TFormat.Decode<TSimd, TVec>(w + (2 * wStride), v2, bytes);
            TFormat.Decode<TSimd, TVec>(w + (3 * wStride), v3, bytes);
            for (int k = 0; k < TFormat.Elements; k += TSimd.Width)
            {
                TVec u = TSimd.Load(x + k);
                s0 = TSimd.Fma(u, TSimd.Load(v0 + k), s0);
                s1 = TSimd.Fma(u, TSimd.Load(v1 + k), s1);
                s2 = TSimd.Fma(u, TSimd.Load(v2 + k), s2);
                s3 = TSimd.Fma(u, TSimd.Load(v3 + k), s3);
            }

            w += TFormat.Bytes;
            x += TFormat.Elements;
        }

        Vector128<float> offset = bias == null ? Vector128<float>.Zero : Vector128.Load(bias);
        (TSimd.Sum4(s0, s1, s2, s3) + offset).Store(y);
    }
}
