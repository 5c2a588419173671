namespace LongContext.Loading;

/// <summary>Types of GGUF key-values, numbered as in the file.</summary>
internal enum GgufValueType : uint
{
    /// <summary>Unsigned, 8 bits.</summary>
    UInt8,

    /// <summary>Signed, 8 bits.</summary>
    Int8,

    /// <summary>Unsigned, 16 bits.</summary>
    UInt16,

    /// <summary>Signed, 16 bits.</summary>
    Int16,

    /// <summary>Unsigned, 32 bits.</summary>
    UInt32,

    /// <summary>Signed, 32 bits.</summary>
    Int32,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>One byte, 0 or 1.</summary>
    Boolean,

    /// <summary>Length (u64) and UTF-8 bytes.</summary>
    String,

    /// <summary>Element type (u32), count (u64), elements.</summary>
    Array,

    /// <summary>Unsigned, 64 bits.</summary>
    UInt64,

    /// <summary>Signed, 64 bits.</summary>
    Int64,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,
}
