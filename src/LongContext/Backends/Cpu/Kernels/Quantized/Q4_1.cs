using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale and minimum, 32 four-bit values.</summary>
internal readonly unsafe struct Q4_1 : IBlockQuantized, IPanelFormat
{
    public static int Elements => 32;

    public static int Bytes => 20;

    public static Int8Layout Layout => Int8Layout.ScaleAndMinimum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        BlockParts.Halves(block + 4, scratch);
        BlockParts.ScaleAndShift<TSimd, TVec>(scratch, Elements, BlockParts.Half(block), BlockParts.Half(block + 2), values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        Vector512<byte> a = PanelParts.Lanes(w + 4, stride), b = PanelParts.Lanes(w + 4 + stride, stride);
        Vector512<byte> c = PanelParts.Lanes(w + 4 + (2 * stride), stride), d = PanelParts.Lanes(w + 4 + (3 * stride), stride);
        PanelParts.Store(PanelParts.Low(a), PanelParts.Low(b), PanelParts.Low(c), PanelParts.Low(d), panel);
        PanelParts.Store(PanelParts.High(a), PanelParts.High(b), PanelParts.High(c), PanelParts.High(d), panel + (4 * PanelParts.Step));
        PanelParts.Halves(w, stride).Store((float*)(panel + PanelParts.Scales));
        PanelParts.Halves(w + 2, stride).Store((float*)(panel + PanelParts.Minima));
    }
}
