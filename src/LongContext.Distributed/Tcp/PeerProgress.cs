namespace LongContext.Distributed.Tcp;

/// <summary>How far one operation is with one other rank.</summary>
internal struct PeerProgress
{
    /// <summary>The operation cannot complete here before that rank has come.</summary>
    internal bool IsNeeded;

    /// <summary>That rank has started it.</summary>
    internal bool IsHeard;

    /// <summary>Its block of a reduction is here; what comes now is its result.</summary>
    internal bool IsSecondRound;

    /// <summary>Where its next piece goes.</summary>
    internal nint Address;

    /// <summary>Bytes of it to come.</summary>
    internal long Left;

    /// <summary>Blocks to go to it.</summary>
    internal int SendsLeft;

    /// <summary>When something last moved.</summary>
    internal long LastMoved;
}
