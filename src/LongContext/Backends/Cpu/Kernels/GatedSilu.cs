using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>x · sigmoid(x) · y.</summary>
internal readonly struct GatedSilu : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct =>
        TSimd.Multiply(TSimd.Multiply(x, VectorMath<TSimd, TVec>.Sigmoid(x)), y);
}
