using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 signed bytes.</summary>
internal readonly unsafe struct Q8_0 : IBlockQuantized
{
    public static int Elements => 32;

    public static int Bytes => 34;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Scale<TSimd, TVec>((sbyte*)block + 2, Elements, BlockParts.Half(block), 0, values);
    }
}
