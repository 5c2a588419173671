using LongContext.Backends;

namespace LongContext.Attention;

/// <summary>What a method needs to know of the model, as sizes.</summary>
/// <param name="Layers">Decoder layers.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="IntermediateSize">Width of the feed-forward layers.</param>
/// <param name="QHeads">Query heads.</param>
/// <param name="KVHeads">Key/value heads.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Activation">The feed-forward layers' non-linearity.</param>
/// <param name="RotaryLayout">Which features of a head pair up.</param>
internal sealed record AttentionModel(
    int Layers, int HiddenSize, int IntermediateSize, int QHeads, int KVHeads, int HeadDim, Activation Activation, RotaryLayout RotaryLayout);
