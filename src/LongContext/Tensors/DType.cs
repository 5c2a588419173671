namespace LongContext.Tensors;

/// <summary>Element type of a <see cref="Tensor"/>. The quantised names are GGML's.</summary>
public enum DType : byte
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed 32-bit integer (token ids, positions).</summary>
    I32,

    /// <summary>32 signed bytes and one binary16 scale (34 bytes).</summary>
    Q8_0,

    /// <summary>32 four-bit values and one binary16 scale (18 bytes); zero point 8.</summary>
    Q4_0,

    /// <summary>32 four-bit values, binary16 scale and minimum (20 bytes).</summary>
    Q4_1,

    /// <summary>32 five-bit values and one binary16 scale (22 bytes); zero point 16.</summary>
    Q5_0,

    /// <summary>32 five-bit values, binary16 scale and minimum (24 bytes).</summary>
    Q5_1,

    /// <summary>256 four-bit values in 8 sub-blocks with 6-bit scales and minimums (144 bytes).</summary>
    Q4_K,

    /// <summary>256 five-bit values in 8 sub-blocks with 6-bit scales and minimums (176 bytes).</summary>
    Q5_K,

    /// <summary>256 six-bit values in 16 sub-blocks with 8-bit scales (210 bytes).</summary>
    Q6_K,
}
