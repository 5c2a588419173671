namespace LongContext;

/// <summary>Element type of cached keys and values.</summary>
public enum KVCacheType
{
    /// <summary>2 bytes an element; the default.</summary>
    BFloat16,

    /// <summary>4 bytes an element; exact.</summary>
    Float32,

    /// <summary>
    /// 1 byte an element and 12 bytes a vector of a head: 53 to 55 % of <see cref="BFloat16"/>. On the CPU; fastest at long contexts where the
    /// processor multiplies bytes (AVX512-VNNI).
    /// </summary>
    Q8_0,
}
