namespace LongContext.Accuracy;

/// <summary>What is asked of a context.</summary>
/// <param name="Kind">For the columns of the table.</param>
/// <param name="Ids">The query.</param>
/// <param name="Options">How the answer is generated: greedily, so many tokens at most.</param>
/// <param name="Score">Score of an answer, 0 to 1.</param>
internal sealed record Question(string Kind, int[] Ids, GenerationOptions Options, Func<GenerationResult, double> Score)
{
    /// <summary>A question whose answer is a sequence of tokens, right or wrong.</summary>
    internal static Question Exact(string kind, int[] ids, int[] answer) => new(
        kind, ids, new GenerationOptions { MaxNewTokens = answer.Length, EndOfSequence = EndOfSequenceHandling.Ignore },
        result => result.TokenIds.SequenceEqual(answer) ? 1 : 0);
}
