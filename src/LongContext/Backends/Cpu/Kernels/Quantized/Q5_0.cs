using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 fifth bits, 32 four-bit values; around 16.</summary>
internal readonly unsafe struct Q5_0 : IBlockQuantized
{
    public static int Elements => 32;

    public static int Bytes => 22;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 6, block + 2, scratch);
        BlockParts.Scale<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), 16, values);
    }
}
