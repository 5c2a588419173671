namespace LongContext;

/// <summary>A token and the natural logarithm of the probability the model gave it, before sampling filters.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">At most 0.</param>
public readonly record struct TokenLogProbability(int TokenId, double LogProbability);
