using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>The start of every control message. Counts of an unequal AllGather follow, then a short block's bytes or a fault's text.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    internal const uint ExpectedMagic = 0x314D434C; // LCM1

    internal uint Magic;
    internal ControlKind Kind;

    /// <summary>Step inside an operation: 1 for the second half of an AllReduce.</summary>
    internal byte Stage;

    /// <summary>Numbers that follow.</summary>
    internal ushort CountEntries;

    /// <summary>Bytes of the whole message.</summary>
    internal int TotalBytes;

    /// <summary>Bytes after the counts.</summary>
    internal int PayloadBytes;

    internal ulong Group;
    internal ulong Sequence;
    internal OperationHead Head;

    /// <summary>Bytes that the sender sends to the receiver in this stage, with this message or after it.</summary>
    internal long BlockBytes;

    /// <summary>Ready: tag of the pieces.</summary>
    internal int DataTag;

    /// <summary>Fault: its kind.</summary>
    internal int FaultKind;

    /// <summary>Fault: the exit code of the rank that found it, and so of all.</summary>
    internal int ExitCode;
}
