using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>The pieces that block formats are made of: packed halves, fifth bits, scales.</summary>
internal static unsafe class BlockParts
{
    /// <summary>A binary16 at any address, exactly; inlined, since a call would empty every vector register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Half(byte* source)
    {
        uint bits = Unsafe.ReadUnaligned<ushort>(source);
        uint magnitude = (bits & 0x7FFF) << 13; // exponent 15 below binary32's bias of 127
        uint normal = magnitude + (magnitude > 0x7BFFu << 13 ? 224u << 23 : 112u << 23);
        float subnormal = BitConverter.UInt32BitsToSingle(magnitude + (113u << 23)) - BitConverter.UInt32BitsToSingle(113u << 23);
        uint value = magnitude < 0x0400u << 13 ? BitConverter.SingleToUInt32Bits(subnormal) : normal;
        return BitConverter.UInt32BitsToSingle(value | ((bits & 0x8000) << 16));
    }

    /// <summary>Four of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Half4(byte* a, byte* b, byte* c, byte* d)
    {
        Vector128<uint> bits = Vector128.Create(
            (uint)Unsafe.ReadUnaligned<ushort>(a), Unsafe.ReadUnaligned<ushort>(b), Unsafe.ReadUnaligned<ushort>(c), Unsafe.ReadUnaligned<ushort>(d));
        return Simd128.WidenF16(bits);
    }

    /// <summary>The lower four bits of 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Low(byte* source) => Vector128.Load(source) & Vector128.Create((byte)15);

    /// <summary>The upper four bits of 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> High(byte* source) => Shift(Vector128.Load(source), 4) & Vector128.Create((byte)15);

    /// <summary>Bytes shifted right; bits from the neighbouring byte come in, for the caller to mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Shift(Vector128<byte> bytes, int count) => (bytes.AsUInt16() >> count).AsByte();

    /// <summary>16 bits, one a byte: 16 where the bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> FifthBits(byte* source)
    {
        Vector128<byte> bits = Vector128.Create(Unsafe.ReadUnaligned<ushort>(source)).AsByte();
        bits = Vector128.Shuffle(bits, Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        Vector128<byte> mask = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        return Vector128.Equals(bits & mask, mask) & Vector128.Create((byte)16);
    }

    /// <summary>The lower halves of 16 bytes as elements 0 to 15, the upper ones as 16 to 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Halves(byte* source, sbyte* values)
    {
        Low(source).Store((byte*)values);
        High(source).Store((byte*)values + 16);
    }

    /// <summary>The same with a fifth bit each, from 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Halves(byte* source, byte* fifth, sbyte* values)
    {
        (Low(source) | FifthBits(fifth)).Store((byte*)values);
        (High(source) | FifthBits(fifth + 2)).Store((byte*)values + 16);
    }

    /// <summary>values[i] = (q[i] − zero) · scale; exact where the scale has 11 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Scale<TSimd, TVec>(sbyte* q, int count, float scale, float zero, float* values)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        TVec factor = TSimd.Broadcast(scale);
        TVec offset = TSimd.Broadcast(zero);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TSimd.Store(values + i, TSimd.Multiply(TSimd.Subtract(TSimd.LoadSByte(q + i), offset), factor));
        }
    }

    /// <summary>values[i] = q[i] · scale + minimum, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ScaleAndShift<TSimd, TVec>(sbyte* q, int count, float scale, float minimum, float* values)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        TVec factor = TSimd.Broadcast(scale);
        TVec offset = TSimd.Broadcast(minimum);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TSimd.Store(values + i, TSimd.Fma(TSimd.LoadSByte(q + i), factor, offset));
        }
    }

    /// <summary>The 6-bit scale and minimum of sub-block <paramref name="j"/> from the 12 bytes of a K block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (int Scale, int Minimum) SixBits(byte* packed, int j) => j < 4
        ? (packed[j] & 63, packed[j + 4] & 63)
        : ((packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4), (packed[j + 4] >> 4) | (packed[j] >> 6 << 4));
}
