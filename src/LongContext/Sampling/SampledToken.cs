namespace LongContext.Sampling;

/// <summary>A chosen token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbabilities">The chosen token first, then the likeliest ones (it may be among them again); empty if not asked for.</param>
internal readonly record struct SampledToken(int TokenId, IReadOnlyList<TokenLogProbability> LogProbabilities);
