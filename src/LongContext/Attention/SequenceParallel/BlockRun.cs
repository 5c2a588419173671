namespace LongContext.Attention.SequenceParallel;

/// <summary>Consecutive rows of one block that a rank computes in one pass.</summary>
/// <param name="Block">The block.</param>
/// <param name="Start">Position of the first.</param>
/// <param name="Count">Rows.</param>
/// <param name="Row">Row of the pass that is the first.</param>
internal readonly record struct BlockRun(int Block, int Start, int Count, int Row)
{
    /// <summary>Position after the last row.</summary>
    internal int End => Start + Count;
}
