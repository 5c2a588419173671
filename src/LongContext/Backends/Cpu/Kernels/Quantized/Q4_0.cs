using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 four-bit values around 8.</summary>
internal readonly unsafe struct Q4_0 : IBlockQuantized, IPanelFormat
{
    public static int Elements => 32;

    public static int Bytes => 18;

    public static Int8Layout Layout => Int8Layout.Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 2, scratch);
        BlockParts.Scale<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), 8, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        Vector512<byte> a = PanelParts.Lanes(w + 2, stride), b = PanelParts.Lanes(w + 2 + stride, stride);
        Vector512<byte> c = PanelParts.Lanes(w + 2 + (2 * stride), stride), d = PanelParts.Lanes(w + 2 + (3 * stride), stride);
        PanelParts.Store(PanelParts.Low(a), PanelParts.Low(b), PanelParts.Low(c), PanelParts.Low(d), panel);
        PanelParts.Store(PanelParts.High(a), PanelParts.High(b), PanelParts.High(c), PanelParts.High(d), panel + (4 * PanelParts.Step));
        PanelParts.Halves(w, stride).Store((float*)(panel + PanelParts.Scales));
    }
}
