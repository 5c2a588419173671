using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>What an attention method needs to know of one layer of one step.</summary>
/// <param name="Backend">Computes.</param>
/// <param name="Cache">The KV cache's pages.</param>
/// <param name="Plan">This step's plan.</param>
/// <param name="Layer">Layer, 0-based.</param>
/// <param name="Parameters">Scale, soft cap and window of this layer.</param>
/// <param name="Cos">[tokens, pairs], rotary cosines of this layer's frequencies at this step's positions.</param>
/// <param name="Sin">[tokens, pairs], likewise.</param>
/// <param name="RotaryLayout">Which features pair up.</param>
internal readonly record struct AttentionContext(
    IBackend Backend,
    KVCacheStorage Cache,
    AttentionPlan Plan,
    int Layer,
    AttentionParameters Parameters,
    Tensor Cos,
    Tensor Sin,
    RotaryLayout RotaryLayout)
{
    /// <summary>Nobody reads the result of any row: only keys and values are wanted, so a method may leave it as it is.</summary>
    internal bool IsOutputUnused { get; init; }
}
