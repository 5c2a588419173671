using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 signed bytes.</summary>
internal readonly unsafe struct Q8_0 : IBlockQuantized, IPanelFormat
{
    public static int Elements => 32;

    public static int Bytes => 34;

    public static Int8Layout Layout => Int8Layout.Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Scale<TSimd, TVec>((sbyte*)block + 2, Elements, BlockParts.Half(block), 0, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        PackCodes(w, stride, panel);
        PanelParts.Halves(w, stride).Store((float*)(panel + PanelParts.Scales));
    }

    /// <summary>The codes alone of <see cref="Pack"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void PackCodes(byte* w, long stride, byte* panel)
    {
        Vector512<byte> zero = Vector512.Create((byte)128); // signed to unsigned
        for (int half = 0; half < 2; half++)
        {
            byte* codes = w + 2 + (half * 16);
            PanelParts.Store(
                PanelParts.Lanes(codes, stride) ^ zero, PanelParts.Lanes(codes + stride, stride) ^ zero,
                PanelParts.Lanes(codes + (2 * stride), stride) ^ zero, PanelParts.Lanes(codes + (3 * stride), stride) ^ zero,
                panel + (half * 4 * PanelParts.Step));
        }
    }
}
