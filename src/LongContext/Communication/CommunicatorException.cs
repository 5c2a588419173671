namespace LongContext.Communication;

/// <summary>Ranks cannot go on together. Every rank gets it; the communicator and the groups split from it are unusable from then on.</summary>
/// <param name="fault">What happened first.</param>
/// <param name="innerException">The cause, if it came from outside.</param>
public sealed class CommunicatorException(CommunicatorFault fault, Exception? innerException = null)
    : LongContextException(fault.Message, innerException)
{
    /// <summary>What happened first.</summary>
    public CommunicatorFault Fault { get; } = fault;
}
