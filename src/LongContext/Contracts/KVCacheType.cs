namespace LongContext;

/// <summary>Element type of cached keys and values.</summary>
public enum KVCacheType
{
    /// <summary>2 bytes an element; the default.</summary>
    BFloat16,

    /// <summary>4 bytes an element; exact.</summary>
    Float32,
}
