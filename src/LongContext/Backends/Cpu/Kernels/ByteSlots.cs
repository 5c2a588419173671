using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Writes keys and values of one head for all tokens of a page of bytes: the bits that <see cref="HeadSlot"/> gives token by token. AVX-512 only.</summary>
internal static unsafe class ByteSlots
{
    private const int Tokens = BytePage.Keys, Lanes = 16, Parts = 4;

    /// <summary>Whether this is the way for such pages here.</summary>
    internal static bool Suits(int headDim, int pageSize) => Avx512BW.IsSupported && pageSize == Tokens && headDim % (Parts * Lanes) == 0;

    /// <summary>Writes both.</summary>
    /// <param name="key">The first token's.</param>
    /// <param name="value">The first token's.</param>
    /// <param name="stride">Floats from a token to the next.</param>
    /// <param name="headDim">Features.</param>
    /// <param name="keys">The page's.</param>
    /// <param name="values">The page's.</param>
    /// <param name="scales">The page's.</param>
    /// <param name="scratch">[headDim].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Store(float* key, float* value, long stride, int headDim, byte* keys, byte* values, float* scales, float* scratch)
    {
        byte* codes = stackalloc byte[Lanes * headDim];
        for (int first = 0; first < Tokens; first += Lanes)
        {
            for (int token = 0; token < Lanes; token++)
            {
                new ReadOnlySpan<float>(key + ((first + token) * stride), headDim).CopyTo(new Span<float>(scratch, headDim));
                HeadCodes.Turn(scratch, headDim);
                scales[first + token] = Scale(scratch, headDim, out float inverse);
                KeyCodes(scratch, headDim, inverse, codes + (token * headDim));
            }

            for (int d = 0; d < headDim; d += Parts * Lanes) // fours of features of 16 tokens
            {
                BF16Lanes.Turn(codes + d, headDim, keys + (d * Tokens) + (Parts * first), Parts * Tokens);
            }
        }

        float* inverses = stackalloc float[Tokens];
        for (int token = 0; token < Tokens; token++)
        {
            float scale = Scale(value + (token * stride), headDim, out inverses[token]);
            (scales[Tokens + token], scales[(2 * Tokens) + token]) = (MathF.Log2(scale), 1 / scale);
        }

        for (int line = 0; line < Tokens / Parts; line++)
        {
            for (int d = 0; d < headDim; d += Lanes)
            {
                Vector512<uint> all = Vector512<uint>.Zero;
                for (int part = Parts - 1; part >= 0; part--)
                {
                    int token = line + (part * (Tokens / Parts));
                    Vector512<int> code = HeadCodes.Round(Vector512.Load(value + (token * stride) + d) * Vector512.Create(inverses[token]));
                    all = (all << 8) | (code.AsUInt32() & Vector512.Create(0xFFu));
                }

                all.Store((uint*)values + (line * headDim) + d);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeyCodes(float* key, int headDim, float inverse, byte* codes)
    {
        Vector512<float> factor = Vector512.Create(inverse);
        for (int d = 0; d < headDim; d += Lanes)
        {
            Vector512<int> code = HeadCodes.Round(Vector512.Load(key + d) * factor) + Vector512.Create(HeadCodes.KeyOffset);
            Avx512F.ConvertToVector128Byte(code).Store(codes + d);
        }
    }

    /// <summary>The scale of a vector, and what it is multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(float* x, int headDim, out float inverse)
    {
        Vector512<int> magnitude = Vector512.Create(int.MaxValue), largest = Vector512<int>.Zero; // as integers, so that a NaN is the largest
        for (int d = 0; d < headDim; d += Lanes)
        {
            largest = Vector512.Max(largest, Vector512.Load((int*)x + d) & magnitude);
        }

        Vector256<int> half = Vector256.Max(largest.GetLower(), largest.GetUpper());
        Vector128<int> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)));
        return HeadCodes.Scale(quarter.AsSingle().ToScalar(), out inverse);
    }
}
