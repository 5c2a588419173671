using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>A function of two numbers and a parameter, applied element by element.</summary>
internal interface IMap
{
    /// <summary>The function on vectors.</summary>
    static abstract TVec Apply<TSimd, TVec>(TVec x, TVec y, TVec parameter)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct;
}
