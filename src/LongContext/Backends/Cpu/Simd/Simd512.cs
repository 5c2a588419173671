using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Simd;

/// <summary>16 floats at a time.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Width => 16;

    public static int TileRows => 6;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBF16(ushort* source) => (WidenUInt16(source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadF16(ushort* source) => WidenF16(WidenUInt16(source));

    /// <summary>Binary16 in the lower half of each lane to binary32: exact, subnormals, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> WidenF16(Vector512<uint> bits)
    {
        Vector512<uint> sign = (bits & Vector512.Create(0x8000u)) << 16;
        Vector512<uint> magnitude = (bits & Vector512.Create(0x7FFFu)) << 13; // exponent 15 below binary32's bias of 127
        Vector512<uint> normal = magnitude + Vector512.Create(112u << 23);
        Vector512<float> subnormal = (magnitude + Vector512.Create(113u << 23)).AsSingle() - Vector512.Create(113u << 23).AsSingle();
        Vector512<uint> special = magnitude + Vector512.Create(224u << 23);
        Vector512<uint> value = Vector512.ConditionalSelect(
            Vector512.LessThan(magnitude.AsInt32(), Vector512.Create(0x0400 << 13)).AsUInt32(), subnormal.AsUInt32(), normal);
        value = Vector512.ConditionalSelect(
            Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x7BFF << 13)).AsUInt32(), special, value);
        return (value | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSByte(sbyte* source)
    {
        Vector128<sbyte> bytes = Vector128.Load(source);
        if (Avx512F.IsSupported)
        {
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(bytes));
        }

        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        (Vector256<int> lower, Vector256<int> upper) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.ConvertToSingle(Vector512.Create(lower, upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector512<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> x, Vector512<float> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> x, Vector512<float> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> x, Vector512<float> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> x, Vector512<float> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fma(Vector512<float> x, Vector512<float> y, Vector512<float> z) =>
        Vector512.FusedMultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> x, Vector512<float> y) => Vector512.MaxNative(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> x, Vector512<float> y) => Vector512.MinNative(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> x) => Vector512.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float First(Vector512<float> x) => x.ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => Vector512.Round(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LessThan(Vector512<float> x, Vector512<float> y) => Vector512.LessThan(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Select(Vector512<float> mask, Vector512<float> x, Vector512<float> y) =>
        Vector512.ConditionalSelect(mask, x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> And(Vector512<float> x, Vector512<float> mask) => x & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LastLanes(int count) =>
        Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(Width - count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> exponent) =>
        ((Vector512.ConvertToInt32Native(exponent) + Vector512.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> x) => Lanes.Sum(Halve(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum4(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d) =>
        Lanes.Sum4(Halve(a), Halve(b), Halve(c), Halve(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Vector512<float> x)
    {
        Vector256<float> half = Vector256.MaxNative(x.GetLower(), x.GetUpper());
        return Lanes.Max(Vector128.MaxNative(half.GetLower(), half.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max4(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d) =>
        Lanes.Max4(Greater(a), Greater(b), Greater(c), Greater(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Greater(Vector512<float> x)
    {
        Vector256<float> half = Vector256.MaxNative(x.GetLower(), x.GetUpper());
        return Vector128.MaxNative(half.GetLower(), half.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halve(Vector512<float> x)
    {
        Vector256<float> half = x.GetLower() + x.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> WidenUInt16(ushort* source)
    {
        Vector256<ushort> values = Vector256.Load(source);
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512UInt32(values);
        }

        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(values);
        return Vector512.Create(lower, upper);
    }
}
