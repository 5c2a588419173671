namespace LongContext.Attention.SequenceParallel;

/// <summary>Consecutive rows that stand together in two orders.</summary>
/// <param name="Row">The first, in one rank's order.</param>
/// <param name="GroupRow">The same, in its group's order.</param>
/// <param name="Count">Rows.</param>
internal readonly record struct RowRun(int Row, int GroupRow, int Count);
