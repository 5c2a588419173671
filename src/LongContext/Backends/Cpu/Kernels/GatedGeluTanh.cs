using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>½·x·(1 + tanh u)·y with u = √(2/π)·(x + 0.044715·x³); ½·(1 + tanh u) is sigmoid(2·u).</summary>
internal readonly struct GatedGeluTanh : IMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct
    {
        TVec cubic = TSimd.Fma(TSimd.Multiply(x, x), TSimd.Broadcast(0.0713548163f), TSimd.Broadcast(1.59576912f)); // 2·√(2/π) times both terms
        return TSimd.Multiply(TSimd.Multiply(x, VectorMath<TSimd, TVec>.Sigmoid(TSimd.Multiply(cubic, x))), y);
    }
}
