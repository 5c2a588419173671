using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Elements;

/// <summary>A plain element type that kernels widen to F32 as they load it.</summary>
internal unsafe interface IElement
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>A vector of elements.</summary>
    static abstract TVec Load<TSimd, TVec>(byte* source)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct;

    /// <summary>One element.</summary>
    static abstract float LoadScalar(byte* source);
}
