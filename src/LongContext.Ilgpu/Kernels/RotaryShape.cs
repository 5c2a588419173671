namespace LongContext.Ilgpu.Kernels;

/// <summary>Sizes for <see cref="Rotary"/>.</summary>
/// <param name="Heads">Heads of a token.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Pairs">Pairs turned.</param>
/// <param name="Interleaved">1: neighbours pair up; 0: the halves do.</param>
internal readonly record struct RotaryShape(int Heads, int HeadDim, int Pairs, int Interleaved);
