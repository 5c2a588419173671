using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>256 lower four bits, 256 upper two bits, 16 signed byte scales, binary16 scale; around 32.</summary>
internal readonly unsafe struct Q6_K : IBlockQuantized
{
    public static int Elements => 256;

    public static int Bytes => 210;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        float scale = BlockParts.Half(block + 208);
        Vector128<byte> two = Vector128.Create((byte)0x30);
        for (int half = 0; half < 2; half++)
        {
            byte* low = block + (half * 64);
            for (int i = 0; i < 32; i += 16)
            {
                // The four pairs of bits of byte i belong to elements i, i + 32, i + 64 and i + 96.
                Vector128<byte> upper = Vector128.Load(block + 128 + (half * 32) + i);
                (BlockParts.Low(low + i) | ((upper.AsUInt16() << 4).AsByte() & two)).Store((byte*)scratch + i);
                (BlockParts.Low(low + 32 + i) | ((upper.AsUInt16() << 2).AsByte() & two)).Store((byte*)scratch + 32 + i);
                (BlockParts.High(low + i) | (upper & two)).Store((byte*)scratch + 64 + i);
                (BlockParts.High(low + 32 + i) | (BlockParts.Shift(upper, 2) & two)).Store((byte*)scratch + 96 + i);
            }

            for (int j = 0; j < 8; j++)
            {
                float factor = scale * (sbyte)block[192 + (half * 8) + j];
                BlockParts.Scale<TSimd, TVec>(scratch + (j * 16), 16, factor, 32, values + (half * 128) + (j * 16));
            }
        }
    }
}
