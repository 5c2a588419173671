namespace LongContext.Communication;

/// <summary>Element type of a <see cref="CommRegion"/>.</summary>
public enum ElementKind : byte
{
    /// <summary>One byte; moved, never reduced.</summary>
    Byte,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>bfloat16: the upper half of a binary32. Reduced in binary32, rounded to nearest even once.</summary>
    BFloat16,
}
