namespace LongContext;

/// <summary>What retaining heads learn from: a prompt, and what came after it. A prompt token that what follows attends to is worth keeping.</summary>
/// <param name="Prompt">Token ids that are scored; at least one.</param>
/// <param name="Continuations">
/// Each follows the prompt on its own: a question with its answer, or the text's own continuation. At least one, none empty.
/// </param>
public sealed record RetainingHeadSample(IReadOnlyList<int> Prompt, IReadOnlyList<IReadOnlyList<int>> Continuations);
