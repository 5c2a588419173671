namespace LongContext;

/// <summary>Which of the context's keys the rows of the query see.</summary>
public enum QueryMask
{
    /// <summary>All of them.</summary>
    Exact,

    /// <summary>
    /// As APB's released code has it: of a query of l_q tokens, token i (from 0) misses the last l_q - 1 - i keys of every block but the last.
    /// For comparison with its results; on one rank.
    /// </summary>
    Released,
}
