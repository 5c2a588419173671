namespace LongContext.Communication;

/// <summary>What broke a communicator.</summary>
public enum FaultKind : byte
{
    /// <summary>A rank is gone: it closed its communicator, or its thread or process ended.</summary>
    RankEnded,

    /// <summary>A rank did not come within <see cref="CommunicatorOptions.OperationDeadline"/>.</summary>
    DeadlineExceeded,

    /// <summary>Ranks started different operations, or the same with different tags or counts.</summary>
    Diverged,

    /// <summary>A message ended early.</summary>
    Truncated,

    /// <summary>A message arrived with other bytes than were sent.</summary>
    Corrupted,

    /// <summary>Ranks were started with different models, options or versions.</summary>
    ConfigurationMismatch,

    /// <summary>The transport reports an error of its own.</summary>
    TransportError,
}
