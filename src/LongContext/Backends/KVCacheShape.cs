using LongContext.Tensors;

namespace LongContext.Backends;

/// <summary>The size of a KV cache.</summary>
/// <param name="Layers">Decoder layers.</param>
/// <param name="Pages">Pages; page p holds slots p · PageSize to (p + 1) · PageSize − 1.</param>
/// <param name="PageSize">Token slots of a page; a multiple of 16.</param>
/// <param name="KVHeads">Key/value heads.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Type">F32 or BF16.</param>
public sealed record KVCacheShape(int Layers, int Pages, int PageSize, int KVHeads, int HeadDim, DType Type);
