using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>The pieces that panels are made of, for 16 outputs at a time. AVX-512 only, as are the kernels that read panels.</summary>
/// <remarks>Between pieces the codes lie in fours of vectors: lane g of vector r has 16 bytes of output 4g + r.</remarks>
internal static unsafe class PanelParts
{
    /// <summary>Bytes from four features' codes to the next four features'.</summary>
    internal const int Step = 4 * Int8KernelWriter.Outputs;

    /// <summary>Where a block's scales are.</summary>
    internal const int Scales = Int8KernelWriter.Block * Int8KernelWriter.Outputs;

    /// <summary>Where a block's minima or second scales are.</summary>
    internal const int Minima = Scales + (sizeof(float) * Int8KernelWriter.Outputs);

    private const int Rows = 4;

    /// <summary>16 bytes of every fourth output, one output a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Lanes(byte* w, long stride)
    {
        byte* next = w + (2 * Rows * stride);
        Vector256<ulong> lower = Vector256.Create(Vector128.Load(w), Vector128.Load(w + (Rows * stride))).AsUInt64();
        Vector256<ulong> upper = Vector256.Create(Vector128.Load(next), Vector128.Load(next + (Rows * stride))).AsUInt64();
        return Avx512F.InsertVector256(lower.ToVector512Unsafe(), upper, 1).AsByte(); // Vector512.Create takes two insertions
    }

    /// <summary>The lower four bits of every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Low(Vector512<byte> bytes) => bytes & Vector512.Create((byte)15);

    /// <summary>The upper four bits of every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> High(Vector512<byte> bytes) => (bytes.AsUInt16() >> 4).AsByte() & Vector512.Create((byte)15);

    /// <summary>Stores 16 features' codes: four features of all outputs side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector512<byte> r0, Vector512<byte> r1, Vector512<byte> r2, Vector512<byte> r3, byte* panel)
    {
        Vector512<uint> a = r0.AsUInt32(), b = r1.AsUInt32(), c = r2.AsUInt32(), d = r3.AsUInt32();
        Transpose(ref a, ref b, ref c, ref d);
        a.AsByte().Store(panel);
        b.AsByte().Store(panel + Step);
        c.AsByte().Store(panel + (2 * Step));
        d.AsByte().Store(panel + (3 * Step));
    }

    /// <summary>From lanes of one output to vectors that have one 32-bit number of each output, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Transpose(ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d)
    {
        Vector512<ulong> ab = Avx512F.UnpackLow(a, b).AsUInt64(), abUpper = Avx512F.UnpackHigh(a, b).AsUInt64();
        Vector512<ulong> cd = Avx512F.UnpackLow(c, d).AsUInt64(), cdUpper = Avx512F.UnpackHigh(c, d).AsUInt64();
        a = Avx512F.UnpackLow(ab, cd).AsUInt32();
        b = Avx512F.UnpackHigh(ab, cd).AsUInt32();
        c = Avx512F.UnpackLow(abUpper, cdUpper).AsUInt32();
        d = Avx512F.UnpackHigh(abUpper, cdUpper).AsUInt32();
    }

    /// <summary>A binary16 of every output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Halves(byte* w, long stride)
    {
        return Simd512.WidenF16(Avx512F.ConvertToVector512UInt32(HalfBits(w, stride)));
    }

    /// <summary>A binary16 of every output, as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<ushort> HalfBits(byte* w, long stride) => Vector256.Create(Words(w, stride), Words(w + (8 * stride), stride));

    /// <summary>The lower halves of 32-bit numbers as binary16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LowerHalves(Vector512<uint> pairs) => Simd512.WidenF16(pairs & Vector512.Create(0xFFFFu));

    /// <summary>The upper halves of 32-bit numbers as binary16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> UpperHalves(Vector512<uint> pairs) => Simd512.WidenF16(pairs >> 16);

    /// <summary>32 bits of every fourth output, in all of the output's lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Bits(byte* w, long stride)
    {
        byte* upper = w + (2 * Rows * stride);
        Vector128<uint> bits = Vector128.Create(
            Unsafe.ReadUnaligned<uint>(w), Unsafe.ReadUnaligned<uint>(w + (Rows * stride)),
            Unsafe.ReadUnaligned<uint>(upper), Unsafe.ReadUnaligned<uint>(upper + (Rows * stride)));
        Vector512<uint> lanes = Vector512.Create(0u, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        return Avx512F.PermuteVar16x32(Vector512.Create(Vector256.Create(bits, bits), Vector256.Create(bits, bits)), lanes).AsByte();
    }

    /// <summary>Of each lane's 32 bits, 16 from bit 16 · <paramref name="half"/> on as bytes: 16 where a bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Fifth(Vector512<byte> bits, int half)
    {
        Vector128<byte> select = Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1) + Vector128.Create((byte)(2 * half));
        Vector128<byte> mask = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        Vector512<byte> masks = Everywhere(mask);
        return Vector512.Equals(Avx512BW.Shuffle(bits, Everywhere(select)) & masks, masks) & Vector512.Create((byte)16);
    }

    /// <summary>The scales and minima of a K block's eight sub-blocks, from the 16 bytes it starts with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SixBits(byte* w, long stride, byte* panel, int panelBlock)
    {
        Vector512<uint> both = Lanes(w, stride).AsUInt32(), s = Lanes(w + stride, stride).AsUInt32();
        Vector512<uint> m = Lanes(w + (2 * stride), stride).AsUInt32(), upper = Lanes(w + (3 * stride), stride).AsUInt32();
        Transpose(ref both, ref s, ref m, ref upper);
        Vector512<float> scale = LowerHalves(both), minimum = UpperHalves(both);
        Vector512<uint> six = Vector512.Create(63u), four = Vector512.Create(15u), two = Vector512.Create(0x30u);
        for (int j = 0; j < 4; j++)
        {
            Put(s & six, m & six, panel + (j * panelBlock));
            Put((upper & four) | ((s >> 2) & two), ((upper >> 4) & four) | ((m >> 2) & two), panel + ((j + 4) * panelBlock));
            (s, m, upper) = (s >> 8, m >> 8, upper >> 8);
        }

        void Put(Vector512<uint> scales, Vector512<uint> minima, byte* block)
        {
            (scale * Vector512.ConvertToSingle(scales.AsInt32())).Store((float*)(block + Scales));
            (-(minimum * Vector512.ConvertToSingle(minima.AsInt32()))).Store((float*)(block + Minima));
        }
    }

    /// <summary>16 scales, two a sub-block, from signed bytes and one factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Bytes(byte* w, long stride, Vector512<float> factor, byte* panel, int panelBlock)
    {
        Vector512<uint> a = Lanes(w, stride).AsUInt32(), b = Lanes(w + stride, stride).AsUInt32();
        Vector512<uint> c = Lanes(w + (2 * stride), stride).AsUInt32(), d = Lanes(w + (3 * stride), stride).AsUInt32();
        Transpose(ref a, ref b, ref c, ref d);
        for (int j = 0; j < 4; j++)
        {
            byte* to = panel + (j / 2 * panelBlock) + (j % 2 == 0 ? Scales : Minima);
            Put(a, to);
            Put(b, to + (2 * panelBlock));
            Put(c, to + (4 * panelBlock));
            Put(d, to + (6 * panelBlock));
            (a, b, c, d) = (a >> 8, b >> 8, c >> 8, d >> 8);
        }

        void Put(Vector512<uint> bytes, byte* scales) => (factor * Vector512.ConvertToSingle((bytes.AsInt32() << 24) >> 24)).Store((float*)scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Words(byte* w, long stride)
    {
        byte* upper = w + (4 * stride);
        return Vector128.Create(
            Word(w), Word(w + stride), Word(w + (2 * stride)), Word(w + (3 * stride)),
            Word(upper), Word(upper + stride), Word(upper + (2 * stride)), Word(upper + (3 * stride)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Word(byte* source) => Unsafe.ReadUnaligned<ushort>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Everywhere(Vector128<byte> lane) => Vector512.Create(Vector256.Create(lane, lane), Vector256.Create(lane, lane));
}
