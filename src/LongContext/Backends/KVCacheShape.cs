using LongContext.Tensors;

namespace LongContext.Backends;

/// <summary>The size of a KV cache.</summary>
/// <param name="Layers">Decoder layers.</param>
/// <param name="Pages">Pages; page p holds slots p · PageSize to (p + 1) · PageSize − 1.</param>
/// <param name="PageSize">Token slots of a page; a multiple of 16.</param>
/// <param name="KVHeads">Key/value heads.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Type">F32, BF16, or Q8_0: 8 bits an element, in whatever blocks the backend likes.</param>
public sealed record KVCacheShape(int Layers, int Pages, int PageSize, int KVHeads, int HeadDim, DType Type)
{
    private const int BytesOfScales = 12; // a head's key and value

    /// <summary>Bytes of a token's keys and values in one layer, without what a backend fills up.</summary>
    internal long BytesPerToken => Type == DType.Q8_0
        ? checked(KVHeads * ((2L * HeadDim) + BytesOfScales))
        : checked(2L * KVHeads * HeadDim * BlockFormat.Of(Type).BytesPerBlock);

    /// <summary>Bytes of an element of keys and values that are not in a cache: those of a type that loses nothing it keeps.</summary>
    internal int BytesOutsideTheCache => Type == DType.BF16 ? sizeof(ushort) : sizeof(float);
}
