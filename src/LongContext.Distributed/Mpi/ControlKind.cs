namespace LongContext.Distributed.Mpi;

/// <summary>What a control message says.</summary>
internal enum ControlKind : byte
{
    /// <summary>The sender has started an operation, and what it sends in it: short blocks with the message.</summary>
    Offer,

    /// <summary>The receiver of a long block expects its pieces now.</summary>
    Ready,

    /// <summary>The sender starts no more operations on a group.</summary>
    Goodbye,

    /// <summary>The sender has a fault.</summary>
    Fault,

    /// <summary>The sender wants to know for whom the receiver waits.</summary>
    Ask,

    /// <summary>For whom the sender waits.</summary>
    Answer,
}
