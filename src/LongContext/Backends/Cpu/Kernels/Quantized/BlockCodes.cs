using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Block formats taken apart: an unsigned code for each weight; a scale, or two, and in some formats a minimum for every 32 of them.</summary>
/// <remarks>A weight is scale · (code − zero) + minimum. The scales of the K formats are products of 11 and 6 or 8 bits and exact.</remarks>
internal static unsafe class BlockCodes
{
    private const int Block = 32;

    /// <summary>Whether <paramref name="type"/> can be read this way.</summary>
    internal static bool Has(DType type) =>
        type is DType.Q8_0 or DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 or DType.Q4_K or DType.Q5_K or DType.Q6_K;

    /// <summary>The code that stands for 0 before the minimum is added.</summary>
    internal static int Zero(DType type) => type switch
    {
        DType.Q8_0 => 128,
        DType.Q6_K => 32,
        DType.Q5_0 => 16,
        DType.Q4_0 => 8,
        _ => 0,
    };

    /// <summary>Whether blocks of <paramref name="type"/> have a minimum.</summary>
    internal static bool HasMinimum(DType type) => type is DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K;

    /// <summary>Scales of 32 weights: one, or one for each half.</summary>
    internal static int ScalesOfABlock(DType type) => type == DType.Q6_K ? 2 : 1;

    /// <summary>Reads <paramref name="n"/> weights, whole blocks of the format.</summary>
    /// <param name="type">One that this type <see cref="Has"/>.</param>
    /// <param name="source">The first block.</param>
    /// <param name="n">Weights.</param>
    /// <param name="codes">[n], written.</param>
    /// <param name="scales">[n / 32 · <see cref="ScalesOfABlock"/>], written.</param>
    /// <param name="minima">[n / 32], written where the format has minima.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Read(DType type, byte* source, long n, byte* codes, float* scales, float* minima)
    {
        switch (type)
        {
            case DType.Q8_0:
                for (long b = 0; b < n / Block; b++, source += Q8_0.Bytes)
                {
                    scales[b] = BlockParts.Half(source);
                    (Vector256.Load(source + 2) ^ Vector256.Create((byte)128)).Store(codes + (b * Block));
                }

                break;
            case DType.Q4_0:
                for (long b = 0; b < n / Block; b++, source += Q4_0.Bytes)
                {
                    scales[b] = BlockParts.Half(source);
                    BlockParts.Halves(source + 2, (sbyte*)codes + (b * Block));
                }

                break;
            case DType.Q4_1:
                for (long b = 0; b < n / Block; b++, source += Q4_1.Bytes)
                {
                    (scales[b], minima[b]) = (BlockParts.Half(source), BlockParts.Half(source + 2));
                    BlockParts.Halves(source + 4, (sbyte*)codes + (b * Block));
                }

                break;
            case DType.Q5_0:
                for (long b = 0; b < n / Block; b++, source += Q5_0.Bytes)
                {
                    scales[b] = BlockParts.Half(source);
                    BlockParts.Halves(source + 6, source + 2, (sbyte*)codes + (b * Block));
                }

                break;
            case DType.Q5_1:
                for (long b = 0; b < n / Block; b++, source += Q5_1.Bytes)
                {
                    (scales[b], minima[b]) = (BlockParts.Half(source), BlockParts.Half(source + 2));
                    BlockParts.Halves(source + 8, source + 4, (sbyte*)codes + (b * Block));
                }

                break;
            case DType.Q4_K:
                for (long b = 0; b < n / Block; b += 8, source += Q4_K.Bytes)
                {
                    SixBits(source, scales + b, minima + b);
                    Q4_K.Codes(source, codes + (b * Block));
                }

                break;
            case DType.Q5_K:
                for (long b = 0; b < n / Block; b += 8, source += Q5_K.Bytes)
                {
                    SixBits(source, scales + b, minima + b);
                    Q5_K.Codes(source, codes + (b * Block));
                }

                break;
            case DType.Q6_K:
                for (long b = 0; b < n / Block; b += 8, source += Q6_K.Bytes)
                {
                    Q6_K.Codes(source, codes + (b * Block));
                    for (int j = 0; j < 16; j++)
                    {
                        scales[(2 * b) + j] = BlockParts.Half(source + 208) * (sbyte)source[192 + j];
                    }
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a block format.");
        }
    }

    private static void SixBits(byte* block, float* scales, float* minima)
    {
        (float scale, float minimum) = (BlockParts.Half(block), BlockParts.Half(block + 2));
        for (int j = 0; j < 8; j++)
        {
            (int s, int m) = BlockParts.SixBits(block + 4, j);
            (scales[j], minima[j]) = (scale * s, -(minimum * m));
        }
    }
}
