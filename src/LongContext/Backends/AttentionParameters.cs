namespace LongContext.Backends;

/// <summary>What one layer's attention adds to the plan.</summary>
/// <param name="Scale">Multiplies q·k; usually 1/√headDim.</param>
/// <param name="SoftCap">Scores become cap · tanh(score / cap) before the mask (Gemma 2); 0 for none.</param>
/// <param name="Window">A row at position p sees keys at positions above p − Window only; 0 for no window.</param>
public readonly record struct AttentionParameters(float Scale, float SoftCap = 0, int Window = 0);
