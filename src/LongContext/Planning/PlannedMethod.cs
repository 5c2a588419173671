namespace LongContext.Planning;

/// <summary>What the planner can foretell.</summary>
public enum PlannedMethod
{
    /// <summary>One host, exact.</summary>
    Full,

    /// <summary>Ring over contiguous parts, exact.</summary>
    Ring,

    /// <summary>Ring over zigzag parts, exact.</summary>
    RingZigzag,

    /// <summary>DeepSpeed-Ulysses, exact.</summary>
    Ulysses,

    /// <summary>Ulysses in groups, a ring across them, exact.</summary>
    Usp,

    /// <summary>Star attention, approximate.</summary>
    Star,

    /// <summary>APB, approximate.</summary>
    Apb,
}
