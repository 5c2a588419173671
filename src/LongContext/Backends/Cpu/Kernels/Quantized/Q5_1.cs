using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale and minimum, 32 fifth bits, 32 four-bit values.</summary>
internal readonly unsafe struct Q5_1 : IBlockQuantized, IPanelFormat
{
    public static int Elements => 32;

    public static int Bytes => 24;

    public static Int8Layout Layout => Int8Layout.ScaleAndMinimum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 8, block + 4, scratch);
        BlockParts.ScaleAndShift<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), BlockParts.Half(block + 2), values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        Vector512<byte> a = PanelParts.Lanes(w + 8, stride), b = PanelParts.Lanes(w + 8 + stride, stride);
        Vector512<byte> c = PanelParts.Lanes(w + 8 + (2 * stride), stride), d = PanelParts.Lanes(w + 8 + (3 * stride), stride);
        Vector512<byte> e = PanelParts.Bits(w + 4, stride), f = PanelParts.Bits(w + 4 + stride, stride);
        Vector512<byte> g = PanelParts.Bits(w + 4 + (2 * stride), stride), h = PanelParts.Bits(w + 4 + (3 * stride), stride);
        PanelParts.Store(
            PanelParts.Low(a) | PanelParts.Fifth(e, 0), PanelParts.Low(b) | PanelParts.Fifth(f, 0),
            PanelParts.Low(c) | PanelParts.Fifth(g, 0), PanelParts.Low(d) | PanelParts.Fifth(h, 0), panel);
        PanelParts.Store(
            PanelParts.High(a) | PanelParts.Fifth(e, 1), PanelParts.High(b) | PanelParts.Fifth(f, 1),
            PanelParts.High(c) | PanelParts.Fifth(g, 1), PanelParts.High(d) | PanelParts.Fifth(h, 1), panel + (4 * PanelParts.Step));
        PanelParts.Halves(w, stride).Store((float*)(panel + PanelParts.Scales));
        PanelParts.Halves(w + 2, stride).Store((float*)(panel + PanelParts.Minima));
    }
}
