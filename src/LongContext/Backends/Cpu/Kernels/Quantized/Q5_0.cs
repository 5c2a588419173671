using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale, 32 fifth bits, 32 four-bit values; around 16.</summary>
internal readonly unsafe struct Q5_0 : IBlockQuantized, IPanelFormat
{
    public static int Elements => 32;

    public static int Bytes => 22;

    public static Int8Layout Layout => Int8Layout.Scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 6, block + 2, scratch);
        BlockParts.Scale<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), 16, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        Vector512<byte> a = PanelParts.Lanes(w + 6, stride), b = PanelParts.Lanes(w + 6 + stride, stride);
        Vector512<byte> c = PanelParts.Lanes(w + 6 + (2 * stride), stride), d = PanelParts.Lanes(w + 6 + (3 * stride), stride);
        Vector512<byte> e = PanelParts.Bits(w + 2, stride), f = PanelParts.Bits(w + 2 + stride, stride);
        Vector512<byte> g = PanelParts.Bits(w + 2 + (2 * stride), stride), h = PanelParts.Bits(w + 2 + (3 * stride), stride);
        PanelParts.Store(
            PanelParts.Low(a) | PanelParts.Fifth(e, 0), PanelParts.Low(b) | PanelParts.Fifth(f, 0),
            PanelParts.Low(c) | PanelParts.Fifth(g, 0), PanelParts.Low(d) | PanelParts.Fifth(h, 0), panel);
        PanelParts.Store(
            PanelParts.High(a) | PanelParts.Fifth(e, 1), PanelParts.High(b) | PanelParts.Fifth(f, 1),
            PanelParts.High(c) | PanelParts.Fifth(g, 1), PanelParts.High(d) | PanelParts.Fifth(h, 1), panel + (4 * PanelParts.Step));
        PanelParts.Halves(w, stride).Store((float*)(panel + PanelParts.Scales));
    }
}
