namespace LongContext.Communication;

/// <summary>What an operation does.</summary>
public enum CommVerb : byte
{
    /// <summary>Every rank gets every rank's block.</summary>
    AllGather,

    /// <summary>Every rank sends one block to each rank and gets one from each.</summary>
    AllToAll,

    /// <summary>Every rank sends to at most one rank and receives from at most one.</summary>
    SendReceive,

    /// <summary>One rank's memory is copied to all.</summary>
    Broadcast,

    /// <summary>All ranks' memory is reduced, element by element, and every rank gets the result.</summary>
    AllReduce,

    /// <summary>Nothing is moved; complete once every rank has come.</summary>
    Barrier,
}
