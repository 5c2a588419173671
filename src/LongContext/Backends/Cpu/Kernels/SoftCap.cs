using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>parameter · tanh(x / parameter).</summary>
internal readonly struct SoftCap : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct =>
        TSimd.Multiply(VectorMath<TSimd, TVec>.Tanh(TSimd.Divide(x, parameter)), parameter);
}
