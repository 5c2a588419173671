namespace LongContext.Backends.Cpu.Simd;

/// <summary>Bits of the vectors that the kernels work in.</summary>
internal enum SimdWidth
{
    /// <summary>4 floats.</summary>
    Bits128 = 128,

    /// <summary>8 floats.</summary>
    Bits256 = 256,

    /// <summary>16 floats.</summary>
    Bits512 = 512,
}
