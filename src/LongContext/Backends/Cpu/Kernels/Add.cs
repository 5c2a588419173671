using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>x + y.</summary>
internal readonly struct Add : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct => TSimd.Add(x, y);
}
