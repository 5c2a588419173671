using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Weight rows of any type to F32.</summary>
internal static unsafe class RowDecoder<TSimd, TVec>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
{
    /// <summary>Bytes of scratch that a block format may need, as floats.</summary>
    internal const int ScratchFloats = 64;

    /// <summary>Decodes <paramref name="n"/> elements, whole blocks.</summary>
    /// <param name="type">Any weight type.</param>
    /// <param name="source">The first block.</param>
    /// <param name="values">[n].</param>
    /// <param name="n">Elements.</param>
    /// <param name="scratch">[<see cref="ScratchFloats"/>].</param>
    internal static void Decode(DType type, byte* source, float* values, long n, float* scratch)
    {
        sbyte* bytes = (sbyte*)scratch;
        switch (type)
        {
            case DType.F32: Widen<F32>(source, values, n); break;
            case DType.F16: Widen<F16>(source, values, n); break;
            case DType.BF16: Widen<BF16>(source, values, n); break;
            case DType.Q8_0: Blocks<Q8_0>(source, values, n, bytes); break;
            case DType.Q4_0: Blocks<Q4_0>(source, values, n, bytes); break;
            case DType.Q4_1: Blocks<Q4_1>(source, values, n, bytes); break;
            case DType.Q5_0: Blocks<Q5_0>(source, values, n, bytes); break;
            case DType.Q5_1: Blocks<Q5_1>(source, values, n, bytes); break;
            case DType.Q4_K: Blocks<Q4_K>(source, values, n, bytes); break;
            case DType.Q5_K: Blocks<Q5_K>(source, values, n, bytes); break;
            case DType.Q6_K: Blocks<Q6_K>(source, values, n, bytes); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "Not a weight type.");
        }
    }

    /// <summary>Widens plain elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Widen<TElement>(byte* source, float* values, long n)
        where TElement : struct, IElement
    {
        long k = 0;
        for (; k + TSimd.Width <= n; k += TSimd.Width)
        {
            TSimd.Store(values + k, TElement.Load<TSimd, TVec>(source + (k * TElement.Bytes)));
        }

        for (; k < n; k++)
        {
            values[k] = TElement.LoadScalar(source + (k * TElement.Bytes));
        }
    }

    /// <summary>Decodes whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Blocks<TFormat>(byte* source, float* values, long n, sbyte* scratch)
        where TFormat : struct, IBlockQuantized
    {
        for (long k = 0; k < n; k += TFormat.Elements)
        {
            TFormat.Decode<TSimd, TVec>(source, values + k, scratch);
            source += TFormat.Bytes;
        }
    }
}
