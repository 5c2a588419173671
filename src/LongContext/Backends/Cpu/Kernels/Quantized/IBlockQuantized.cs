using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels.Quantized;

/// <summary>A GGML block format: how one block of bytes becomes floats.</summary>
internal unsafe interface IBlockQuantized
{
    /// <summary>Elements of a block.</summary>
    static abstract int Elements { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Decodes one block.</summary>
    /// <param name="block">Its bytes, at any address.</param>
    /// <param name="values">[Elements], written.</param>
    /// <param name="scratch">[Elements] bytes of scratch.</param>
    static abstract void Decode<TSimd, TVec>(byte* block, float* values, sbyte* scratch)
        where TSimd : struct, ISimd<TVec>
        where TVec : struct;
}
