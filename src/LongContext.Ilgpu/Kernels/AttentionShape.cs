namespace LongContext.Ilgpu.Kernels;

/// <summary>Sizes and parameters for <see cref="Attention"/>.</summary>
/// <param name="QHeads">Query heads.</param>
/// <param name="KVHeads">Key/value heads.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Window">Keys a row sees back from itself; 0 for all.</param>
/// <param name="Scale">Multiplies q·k.</param>
/// <param name="SoftCap">0 for none.</param>
internal readonly record struct AttentionShape(int QHeads, int KVHeads, int HeadDim, int Window, float Scale, float SoftCap);
