using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>bfloat16 in vectors, by plain AVX-512.</summary>
internal static unsafe class BF16Lanes
{
    private const int Lanes = 16;

    /// <summary>32 floats rounded to nearest, ties to even, in order; a NaN stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ushort> Round(float* source) => Vector512.Create(
        Avx512F.ConvertToVector256UInt16(Upper(Vector512.Load(source))), Avx512F.ConvertToVector256UInt16(Upper(Vector512.Load(source + Lanes))));

    /// <summary>Turns 16 by 16 elements of 32 bits: row i of the result is column i of the source.</summary>
    /// <param name="source">[16][16], rows <paramref name="stride"/> bytes apart.</param>
    /// <param name="stride">Bytes.</param>
    /// <param name="result">[16][16], not the source.</param>
    /// <param name="resultStride">Bytes.</param>
    /// <param name="addend">[16] floats that are added to each row of the result, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Turn(byte* source, long stride, byte* result, long resultStride, float* addend = null)
    {
        Vector512<uint>* quarters = stackalloc Vector512<uint>[Lanes];
        for (int i = 0; i < Lanes; i += 4) // 4 by 4 in every quarter
        {
            Vector512<uint> r0 = Vector512.Load((uint*)(source + (i * stride))), r1 = Vector512.Load((uint*)(source + ((i + 1) * stride)));
            Vector512<uint> r2 = Vector512.Load((uint*)(source + ((i + 2) * stride))), r3 = Vector512.Load((uint*)(source + ((i + 3) * stride)));
            Vector512<ulong> low01 = Avx512F.UnpackLow(r0, r1).AsUInt64(), high01 = Avx512F.UnpackHigh(r0, r1).AsUInt64();
            Vector512<ulong> low23 = Avx512F.UnpackLow(r2, r3).AsUInt64(), high23 = Avx512F.UnpackHigh(r2, r3).AsUInt64();
            quarters[i] = Avx512F.UnpackLow(low01, low23).AsUInt32();
            quarters[i + 1] = Avx512F.UnpackHigh(low01, low23).AsUInt32();
            quarters[i + 2] = Avx512F.UnpackLow(high01, high23).AsUInt32();
            quarters[i + 3] = Avx512F.UnpackHigh(high01, high23).AsUInt32();
        }

        for (int i = 0; i < 4; i++) // quarters by quarters
        {
            Vector512<uint> a = Avx512F.Shuffle4x128(quarters[i], quarters[4 + i], 0b10_00_10_00), b = Avx512F.Shuffle4x128(quarters[i], quarters[4 + i], 0b11_01_11_01);
            Vector512<uint> c = Avx512F.Shuffle4x128(quarters[8 + i], quarters[12 + i], 0b10_00_10_00), d = Avx512F.Shuffle4x128(quarters[8 + i], quarters[12 + i], 0b11_01_11_01);
            Vector512<uint> first = Avx512F.Shuffle4x128(a, c, 0b10_00_10_00), second = Avx512F.Shuffle4x128(b, d, 0b10_00_10_00);
            Vector512<uint> third = Avx512F.Shuffle4x128(a, c, 0b11_01_11_01), fourth = Avx512F.Shuffle4x128(b, d, 0b11_01_11_01);
            if (addend != null)
            {
                Vector512<float> more = Vector512.Load(addend);
                first = (first.AsSingle() + more).AsUInt32();
                second = (second.AsSingle() + more).AsUInt32();
                third = (third.AsSingle() + more).AsUInt32();
                fourth = (fourth.AsSingle() + more).AsUInt32();
            }

            first.Store((uint*)(result + (i * resultStride)));
            second.Store((uint*)(result + ((4 + i) * resultStride)));
            third.Store((uint*)(result + ((8 + i) * resultStride)));
            fourth.Store((uint*)(result + ((12 + i) * resultStride)));
        }
    }

    /// <summary>16 floats rounded likewise, each in the lower half of its lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<uint> Upper(Vector512<float> x)
    {
        Vector512<uint> bits = x.AsUInt32();
        Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x).AsUInt32(), rounded, bits | Vector512.Create(0x400000u)) >> 16;
    }
}
