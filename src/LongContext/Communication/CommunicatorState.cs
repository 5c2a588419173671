namespace LongContext.Communication;

/// <summary>Whether a communicator works.</summary>
public enum CommunicatorState : byte
{
    /// <summary>Operations may start.</summary>
    Open,

    /// <summary>A fault happened, here or on another rank; it does not go away.</summary>
    Faulted,

    /// <summary>Disposed.</summary>
    Closed,
}
