using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Writes keys and values of 16 tokens that follow one another into a page of pairs: the bits that one token after another gives. AVX-512 only.</summary>
internal static unsafe class PairSlots
{
    /// <summary>Tokens at a time; the first one's offset in the page is even.</summary>
    internal const int Tokens = 16;

    private const int Lanes = 16;

    /// <summary>Whether this is the way for such heads here.</summary>
    internal static bool Suits(int headDim) => Avx512BW.IsSupported && headDim % (2 * Lanes) == 0;

    /// <summary>Writes both.</summary>
    /// <param name="key">The first token's.</param>
    /// <param name="value">The first token's.</param>
    /// <param name="stride">Floats from a token to the next.</param>
    /// <param name="headDim">Features.</param>
    /// <param name="keys">The first token's first pair in the page.</param>
    /// <param name="pageSize">Tokens of a page: pairs from one of a token to its next.</param>
    /// <param name="values">The first two tokens' first features in the page.</param>
    /// <param name="paddedHeadDim">Features from two tokens to the next two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Store(float* key, float* value, long stride, int headDim, uint* keys, int pageSize, uint* values, int paddedHeadDim)
    {
        uint* rounded = stackalloc uint[Tokens * Lanes];
        for (int d = 0; d < headDim; d += 2 * Lanes)
        {
            for (int token = 0; token < Tokens; token++)
            {
                BF16Lanes.Round(key + (token * stride) + d).AsUInt32().Store(rounded + (token * Lanes));
            }

            BF16Lanes.Turn((byte*)rounded, Lanes * sizeof(uint), (byte*)(keys + (d / 2 * (long)pageSize)), pageSize * sizeof(uint));
        }

        for (int token = 0; token < Tokens; token += 2)
        {
            float* first = value + (token * stride), second = first + stride;
            for (int d = 0; d < headDim; d += Lanes)
            {
                Vector512<uint> pairs = BF16Lanes.Upper(Vector512.Load(first + d)) | (BF16Lanes.Upper(Vector512.Load(second + d)) << 16);
                pairs.Store(values + (token / 2 * (long)paddedHeadDim) + d);
            }
        }
    }
}
