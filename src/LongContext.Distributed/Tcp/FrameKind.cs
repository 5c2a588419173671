namespace LongContext.Distributed.Tcp;

/// <summary>What a frame carries.</summary>
internal enum FrameKind : byte
{
    /// <summary>At the start: what a rank was started with.</summary>
    Hello = 1,

    /// <summary>At the start: where all ranks are.</summary>
    Table,

    /// <summary>A rank has started an operation: what it is, and its payload where that is small.</summary>
    Announcement,

    /// <summary>A piece of the payload of an operation that both ranks have started.</summary>
    Payload,

    /// <summary>A rank starts no more operations on this communicator.</summary>
    Close,

    /// <summary>A rank has waited for some time: it is alive, and not the one that others wait for.</summary>
    Waiting,

    /// <summary>The first fault. The last frame that a rank sends.</summary>
    Fault,
}
