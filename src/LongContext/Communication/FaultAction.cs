namespace LongContext.Communication;

/// <summary>What a rank does at a fault, where ranks are processes.</summary>
public enum FaultAction : byte
{
    /// <summary>
    /// Writes one line to standard error, ends the job if the transport can, and ends the process: exit code 75 for a fault in
    /// communication, 78 for ranks that do not fit together. Calls that would throw the fault do not return.
    /// </summary>
    EndProcess,

    /// <summary>Calls throw, and the process goes on. The work of the ranks cannot: for tests, and for programs that end themselves.</summary>
    ThrowOnly,
}
