namespace LongContext.Models.Rotary;

/// <summary>One set of rotary frequencies; Gemma 3 has two, all others one.</summary>
/// <param name="Theta">The base of the frequencies.</param>
/// <param name="Dimensions">Features of a head that turn: all, or the first ones (partial_rotary_factor).</param>
/// <param name="Scaling">How the frequencies are stretched.</param>
internal sealed record RotaryParameters(double Theta, int Dimensions, RotaryScaling Scaling);
