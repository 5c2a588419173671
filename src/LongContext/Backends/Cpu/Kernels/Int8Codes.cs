using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Blocks of 32 numbers as codes, scales and sums: <see cref="Int8Products"/>; a block's record: <see cref="Int8KernelWriter"/>. AVX-512 only.</summary>
internal static unsafe class Int8Codes
{
    /// <summary>Blocks at a time.</summary>
    internal const int Blocks = 4;

    private const int Lanes = 16;

    /// <summary>Fewer than four blocks, as if zeros followed.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteFew(float* source, int blocks, int zero, Int8Layout layout, byte* r0, byte* r1, byte* r2)
    {
        float* padded = stackalloc float[Blocks * Int8KernelWriter.Block];
        byte* unused = stackalloc byte[Int8KernelWriter.RowBlockBytes(layout)];
        new Span<float>(padded, Blocks * Int8KernelWriter.Block).Clear();
        new ReadOnlySpan<float>(source, blocks * Int8KernelWriter.Block).CopyTo(new Span<float>(padded, Blocks * Int8KernelWriter.Block));
        Write(padded, zero, layout, r0, blocks > 1 ? r1 : unused, blocks > 2 ? r2 : unused, unused);
    }

    /// <summary>Four blocks that follow one another; what is found for each of them stands side by side meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write(float* source, int zero, Int8Layout layout, byte* r0, byte* r1, byte* r2, byte* r3)
    {
        Vector128<float> largest = Largest(Magnitudes(source, 0), Magnitudes(source, 1), Magnitudes(source, 2), Magnitudes(source, 3)).AsSingle();
        Vector128<float> inverse = (Vector128.Create(127f) / largest) & Vector128.GreaterThanOrEqual(largest, Vector128.Create(Int8Products.Least));
        Vector128<float> scales = largest * Vector128.Create(1 / 127f);
        (Vector512<int> low0, Vector512<int> high0) = Codes(source, 0, inverse.ToScalar(), r0);
        (Vector512<int> low1, Vector512<int> high1) = Codes(source, 1, inverse.GetElement(1), r1);
        (Vector512<int> low2, Vector512<int> high2) = Codes(source, 2, inverse.GetElement(2), r2);
        (Vector512<int> low3, Vector512<int> high3) = Codes(source, 3, inverse.GetElement(3), r3);
        if (layout == Int8Layout.TwoScales)
        {
            Vector128<int> lower = Sums(low0, low1, low2, low3), upper = Sums(high0, high1, high2, high3);
            Put(scales, lower * -zero, (upper * -zero).AsSingle(), layout, r0, r1, r2, r3);
            return;
        }

        Vector128<int> sums = Sums(low0 + high0, low1 + high1, low2 + high2, low3 + high3);
        Vector128<float> third = layout == Int8Layout.ScaleAndMinimum ? scales * Vector128.ConvertToSingle(sums) : default;
        Put(scales, sums * -zero, third, layout, r0, r1, r2, r3);
    }

    /// <summary>A block's magnitudes, the larger of two in each lane; as integers, so that a NaN is the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Magnitudes(float* source, int block)
    {
        int* values = (int*)source + (block * Int8KernelWriter.Block);
        Vector512<int> magnitude = Vector512.Create(int.MaxValue);
        return Vector512.Max(Vector512.Load(values) & magnitude, Vector512.Load(values + Lanes) & magnitude);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector128<float> scales, Vector128<int> starts, Vector128<float> thirds, Int8Layout layout, byte* r0, byte* r1, byte* r2, byte* r3)
    {
        Vector128<long> low = Sse2.UnpackLow(scales.AsInt32(), starts).AsInt64(), high = Sse2.UnpackHigh(scales.AsInt32(), starts).AsInt64();
        const int numbers = Int8KernelWriter.Block, third = numbers + sizeof(float) + sizeof(int);
        *(long*)(r0 + numbers) = low.ToScalar();
        *(long*)(r1 + numbers) = low.GetElement(1);
        *(long*)(r2 + numbers) = high.ToScalar();
        *(long*)(r3 + numbers) = high.GetElement(1);
        if (layout is Int8Layout.TwoScales or Int8Layout.ScaleAndMinimum)
        {
            *(float*)(r0 + third) = thirds.ToScalar();
            *(float*)(r1 + third) = thirds.GetElement(1);
            *(float*)(r2 + third) = thirds.GetElement(2);
            *(float*)(r3 + third) = thirds.GetElement(3);
        }
    }

    /// <summary>A block's codes, stored and as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int> Low, Vector512<int> High) Codes(float* source, int block, float inverse, byte* record)
    {
        float* values = source + (block * Int8KernelWriter.Block);
        Vector512<float> factor = Vector512.Create(inverse);
        Vector512<int> low = Avx512F.ConvertToVector512Int32(Vector512.Load(values) * factor);
        Vector512<int> high = Avx512F.ConvertToVector512Int32(Vector512.Load(values + Lanes) * factor);
        Avx512F.ConvertToVector128SByte(low).Store((sbyte*)record);
        Avx512F.ConvertToVector128SByte(high).Store((sbyte*)record + Lanes);
        return (low, high);
    }

    /// <summary>Each vector's largest number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Largest(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<int> ab = Vector512.Max(Avx512F.UnpackLow(a, b), Avx512F.UnpackHigh(a, b));
        Vector512<int> cd = Vector512.Max(Avx512F.UnpackLow(c, d), Avx512F.UnpackHigh(c, d));
        Vector512<int> all = Vector512.Max(
            Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32(), Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32());
        Vector256<int> half = Vector256.Max(all.GetLower(), all.GetUpper());
        return Vector128.Max(half.GetLower(), half.GetUpper());
    }

    /// <summary>Each vector's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<int> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
        Vector512<int> cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
        Vector512<int> all = Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
        Vector256<int> half = all.GetLower() + all.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
