namespace LongContext.Distributed.Tcp;

/// <summary>How closely what ranks send each other is checked.</summary>
public enum AgreementCheck : byte
{
    /// <summary>Every operation's verb, tag and counts on every rank, and every frame's header by its checksum.</summary>
    Headers,

    /// <summary>Also every byte of payload, by a CRC-32C of each frame's body.</summary>
    HeadersAndChecksums,
}
