namespace LongContext;

/// <summary>How products are computed.</summary>
public enum ModelPrecision
{
    /// <summary>The fastest arithmetic that keeps the model's quality; 16-bit inputs with F32 sums where the hardware gains by it.</summary>
    Auto,

    /// <summary>Every product and sum in F32 or better.</summary>
    Float32,
}
