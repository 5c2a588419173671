using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 four-bit values around 8.</summary>
internal readonly unsafe struct Q4_0 : IBlockQuantized
{
    public static int Elements => 32;

    public static int Bytes => 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 2, scratch);
        BlockParts.Scale<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), 8, values);
    }
}
