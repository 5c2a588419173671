using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale and minimum, 32 four-bit values.</summary>
internal readonly unsafe struct Q4_1 : IBlockQuantized
{
    public static int Elements => 32;

    public static int Bytes => 20;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 4, scratch);
        BlockParts.ScaleAndShift<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), BlockParts.Half(block + 2), values);
    }
}
