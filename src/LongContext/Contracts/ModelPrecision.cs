namespace LongContext;

/// <summary>How products are computed.</summary>
public enum ModelPrecision
{
    /// <summary>
    /// The fastest arithmetic that keeps the model's quality. Where the hardware gains by it, inputs are rounded: to 16 bits for 16-bit weights, to 8 bits
    /// with a scale for every 32 of them for quantised weights, which are multiplied as the file has them. Sums are exact integers or F32.
    /// </summary>
    Auto,

    /// <summary>Every product and sum in F32 or better.</summary>
    Float32,
}
