using LongContext.CriticalPath.Recording;

namespace LongContext.CriticalPath.Runs;

/// <summary>What one prompt cost, recorded.</summary>
/// <param name="Case">How it was read.</param>
/// <param name="Tokens">Length of the prompt.</param>
/// <param name="Ranks">[rank] what it did until rank 0 had the first token.</param>
/// <param name="Operations">[rank] counted floating-point operations.</param>
/// <param name="Token">The first token.</param>
internal sealed record Measurement(
    MethodCase Case, int Tokens, IReadOnlyList<IReadOnlyList<RankEvent>> Ranks, IReadOnlyList<OperationCount> Operations, int Token);
