namespace LongContext.Engine.Ranks;

/// <summary>What rank 0 asks of the others.</summary>
internal enum StepKind
{
    /// <summary>Compute a step.</summary>
    Step = 1,

    /// <summary>Nothing; rank 0 is alive and idle.</summary>
    KeepAlive = 2,

    /// <summary>The session is over.</summary>
    End = 3,
}
