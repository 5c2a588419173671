using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>Binary16 scale and minimum, 8 six-bit pairs of them, 256 four-bit values.</summary>
internal readonly unsafe struct Q4_K : IBlockQuantized, IPanelFormat
{
    public static int Elements => 256;

    public static int Bytes => 144;

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
        for (int part = 0; part < 8; part++)
        {
            byte* codes = w + 16 + (part * 16);
            byte* low = panel + (part / 2 * 2 * panelBlock) + (part % 2 * 4 * PanelParts.Step); // lower halves: an even sub-block, upper: the odd one
            Vector512<byte> a = PanelParts.Lanes(codes, stride), b = PanelParts.Lanes(codes + stride, stride);
            Vector512<byte> c = PanelParts.Lanes(codes + (2 * stride), stride), d = PanelParts.Lanes(codes + (3 * stride), stride);
            PanelParts.Store(PanelParts.Low(a), PanelParts.Low(b), PanelParts.Low(c), PanelParts.Low(d), low);
            PanelParts.Store(PanelParts.High(a), PanelParts.High(b), PanelParts.High(c), PanelParts.High(d), low + panelBlock);
        }
    }

    /// <summary>The 256 four-bit values as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Codes(byte* block, byte* codes)
    {
        for (int pair = 0; pair < 4; pair++)
        {
            PairOfCodes(block, pair, codes + (pair * 64));
        }
    }

    /// <summary>Two sub-blocks: the lower halves of 32 bytes, then the upper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PairOfCodes(byte* block, int pair, byte* codes)
    {
        byte* q = block + 16 + (pair * 32);
        BlockParts.Low(q).Store(codes);
        BlockParts.Low(q + 16).Store(codes + 16);
        BlockParts.High(q).Store(codes + 32);
        BlockParts.High(q + 16).Store(codes + 48);
    }
}
