using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>x·Φ(x)·y with the normal distribution function Φ.</summary>
internal readonly struct GatedGelu : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        TVec tail = VectorMath<TSimd, TVec>.NormalTail(TSimd.Abs(x));
        TVec share = TSimd.Select(TSimd.LessThan(x, TSimd.Zero), tail, TSimd.Subtract(TSimd.Broadcast(1), tail));
        return TSimd.Multiply(TSimd.Multiply(x, share), y);
    }
}
