using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Simd;

/// <summary>The last steps of sums and maxima over lanes, shared by all widths.</summary>
internal static class Lanes
{
    /// <summary>(x₀ + x₂) + (x₁ + x₃).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector128<float> x)
    {
        Vector128<float> pairs = x + Vector128.Shuffle(x, Vector128.Create(2, 3, 0, 1));
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    /// <summary>The <see cref="Sum"/> of each operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Sum4(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b) + Sse.UnpackHigh(a, b); // a₀+a₂, b₀+b₂, a₁+a₃, b₁+b₃
            Vector128<float> cd = Sse.UnpackLow(c, d) + Sse.UnpackHigh(c, d);
            return Sse.MoveLowToHigh(ab, cd) + Sse.MoveHighToLow(cd, ab);
        }

        return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Max(Vector128<float> x)
    {
        Vector128<float> pairs = Vector128.MaxNative(x, Vector128.Shuffle(x, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(pairs.ToScalar(), pairs.GetElement(1));
    }

    /// <summary>The <see cref="Max"/> of each operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Max4(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Vector128.MaxNative(Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
            Vector128<float> cd = Vector128.MaxNative(Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
            return Vector128.MaxNative(Sse.MoveLowToHigh(ab, cd), Sse.MoveHighToLow(cd, ab));
        }

        return Vector128.Create(Max(a), Max(b), Max(c), Max(d));
    }
}
