namespace LongContext.Accuracy;

/// <summary>What is asked of a context.</summary>
/// <param name="Kind">For the columns of the table.</param>
/// <param name="Ids">The query.</param>
/// <param name="Answer">What must come, greedily.</param>
internal sealed record Question(string Kind, int[] Ids, int[] Answer);
