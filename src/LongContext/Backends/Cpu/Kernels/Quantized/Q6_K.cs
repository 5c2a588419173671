using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>256 lower four bits, 256 upper two bits, 16 signed byte scales, binary16 scale; around 32.</summary>
internal readonly unsafe struct Q6_K : IBlockQuantized, IPanelFormat
{
    public static int Elements => 256;

    public static int Bytes => 210;

    public static Int8Layout Layout => Int8Layout.TwoScales;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        float scale = BlockParts.Half(block + 208);
        for (int half = 0; half < 2; half++)
        {
            HalfOfCodes(block, half, (byte*)scratch);
            for (int j = 0; j < 8; j++)
            {
                float factor = scale * (sbyte)block[192 + (half * 8) + j];
                BlockParts.Scale<TSimd, TVec>(scratch + (j * 16), 16, factor, 32, values + (half * 128) + (j * 16));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        int panelBlock = Int8KernelWriter.PanelBlockBytes(Layout);
        PanelParts.Bytes(w + 192, stride, PanelParts.Halves(w + 208, stride), panel, panelBlock);
        for (int half = 0; half < 2; half++)
        {
            for (int i = 0; i < 32; i += 16)
            {
                byte* first = w + (half * 64) + i, upper = w + 128 + (half * 32) + i; // as in HalfOfCodes
                byte* codes = panel + (half * 4 * panelBlock) + (i / 4 * PanelParts.Step);
                Vector512<byte> e = PanelParts.Lanes(upper, stride), f = PanelParts.Lanes(upper + stride, stride);
                Vector512<byte> g = PanelParts.Lanes(upper + (2 * stride), stride), h = PanelParts.Lanes(upper + (3 * stride), stride);
                for (int quarter = 0; quarter < 2; quarter++)
                {
                    byte* low = first + (quarter * 32);
                    Vector512<byte> a = PanelParts.Lanes(low, stride), b = PanelParts.Lanes(low + stride, stride);
                    Vector512<byte> c = PanelParts.Lanes(low + (2 * stride), stride), d = PanelParts.Lanes(low + (3 * stride), stride);
                    byte* to = codes + (quarter * panelBlock);
                    PanelParts.Store(
                        PanelParts.Low(a) | Two(e, quarter), PanelParts.Low(b) | Two(f, quarter),
                        PanelParts.Low(c) | Two(g, quarter), PanelParts.Low(d) | Two(h, quarter), to);
                    PanelParts.Store(
                        PanelParts.High(a) | Two(e, quarter + 2), PanelParts.High(b) | Two(f, quarter + 2),
                        PanelParts.High(c) | Two(g, quarter + 2), PanelParts.High(d) | Two(h, quarter + 2), to + (2 * panelBlock));
                }
            }
        }

        static Vector512<byte> Two(Vector512<byte> bits, int pair) =>
            (pair <= 2 ? bits.AsUInt16() << (4 - (2 * pair)) : bits.AsUInt16() >> 2).AsByte() & Vector512.Create((byte)0x30);
    }

    /// <summary>The 256 six-bit values as bytes.</summary>
    internal static void Codes(byte* block, byte* codes)
    {
        HalfOfCodes(block, 0, codes);
        HalfOfCodes(block, 1, codes + 128);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfOfCodes(byte* block, int half, byte* codes)
    {
        Vector128<byte> two = Vector128.Create((byte)0x30);
        byte* low = block + (half * 64);
        for (int i = 0; i < 32; i += 16)
        {
            // The four pairs of bits of byte i belong to elements i, i + 32, i + 64 and i + 96.
            Vector128<byte> upper = Vector128.Load(block + 128 + (half * 32) + i);
            (BlockParts.Low(low + i) | ((upper.AsUInt16() << 4).AsByte() & two)).Store(codes + i);
            (BlockParts.Low(low + 32 + i) | ((upper.AsUInt16() << 2).AsByte() & two)).Store(codes + 32 + i);
            (BlockParts.High(low + i) | (upper & two)).Store(codes + 64 + i);
            (BlockParts.High(low + 32 + i) | (BlockParts.Shift(upper, 2) & two)).Store(codes + 96 + i);
        }
    }
}
