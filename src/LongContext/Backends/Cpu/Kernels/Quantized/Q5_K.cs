using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale and minimum, 8 six-bit pairs of them, 256 fifth bits, 256 four-bit values.</summary>
internal readonly unsafe struct Q5_K : IBlockQuantized, IPanelFormat
{
    public static int Elements => 256;

    public static int Bytes => 176;

    public static Int8Layout Layout => Int8Layout.ScaleAndMinimum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        float scale = BlockParts.Half(block);
        float minimum = BlockParts.Half(block + 2);
        for (int pair = 0; pair < 4; pair++)
        {
            PairOfCodes(block, pair, (byte*)scratch);
            for (int j = 2 * pair; j < (2 * pair) + 2; j++)
            {
                (int s, int m) = BlockParts.SixBits(block + 4, j);
                BlockParts.ScaleAndShift<TSimd, TVec>(scratch + (j % 2 * 32), 32, scale * s, -(minimum * m), values + (j * 32));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* w, long stride, byte* panel)
    {
        int panelBlock = Int8KernelWriter.PanelBlockBytes(Layout);
        PanelParts.SixBits(w, stride, panel, panelBlock);
        for (int half = 0; half < 2; half++)
        {
            byte* fifth = w + 16 + (half * 16); // bit j of byte i: sub-block j's element i
            Vector512<byte> e = PanelParts.Lanes(fifth, stride), f = PanelParts.Lanes(fifth + stride, stride);
            Vector512<byte> g = PanelParts.Lanes(fifth + (2 * stride), stride), h = PanelParts.Lanes(fifth + (3 * stride), stride);
            for (int pair = 0; pair < 4; pair++)
            {
                byte* codes = w + 48 + (pair * 32) + (half * 16);
                byte* low = panel + (pair * 2 * panelBlock) + (half * 4 * PanelParts.Step);
                Vector512<byte> a = PanelParts.Lanes(codes, stride), b = PanelParts.Lanes(codes + stride, stride);
                Vector512<byte> c = PanelParts.Lanes(codes + (2 * stride), stride), d = PanelParts.Lanes(codes + (3 * stride), stride);
                PanelParts.Store(
                    PanelParts.Low(a) | Bit(e, 2 * pair), PanelParts.Low(b) | Bit(f, 2 * pair),
                    PanelParts.Low(c) | Bit(g, 2 * pair), PanelParts.Low(d) | Bit(h, 2 * pair), low);
                PanelParts.Store(
                    PanelParts.High(a) | Bit(e, (2 * pair) + 1), PanelParts.High(b) | Bit(f, (2 * pair) + 1),
                    PanelParts.High(c) | Bit(g, (2 * pair) + 1), PanelParts.High(d) | Bit(h, (2 * pair) + 1), low + panelBlock);
            }
        }

        static Vector512<byte> Bit(Vector512<byte> bits, int index) =>
            (index <= 4 ? bits.AsUInt16() << (4 - index) : bits.AsUInt16() >> (index - 4)).AsByte() & Vector512.Create((byte)16);
    }

    /// <summary>The 256 five-bit values as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Codes(byte* block, byte* codes)
    {
        for (int pair = 0; pair < 4; pair++)
        {
            PairOfCodes(block, pair, codes + (pair * 64));
        }
    }

    /// <summary>Two sub-blocks. Bit 2·pair of byte i is element i's fifth bit, bit 2·pair + 1 that of element i + 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PairOfCodes(byte* block, int pair, byte* codes)
    {
        Vector128<byte> fifth = Vector128.Create((byte)16);
        byte* q = block + 48 + (pair * 32);
        for (int i = 0; i < 32; i += 16)
        {
            Vector128<byte> bits = Vector128.Load(block + 16 + i);
            Vector128<byte> even = BlockParts.Shift(bits, 2 * pair) & Vector128.Create((byte)1);
            Vector128<byte> odd = BlockParts.Shift(bits, (2 * pair) + 1) & Vector128.Create((byte)1);
            (BlockParts.Low(q + i) | ((even.AsUInt16() << 4).AsByte() & fifth)).Store(codes + i);
            (BlockParts.High(q + i) | ((odd.AsUInt16() << 4).AsByte() & fifth)).Store(codes + 32 + i);
        }
    }
}
