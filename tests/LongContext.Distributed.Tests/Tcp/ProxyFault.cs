namespace LongContext.Distributed.Tests.Tcp;

/// <summary>What a <see cref="FaultyProxy"/> does.</summary>
internal enum ProxyFault
{
    FlipABit,
    LoseAByte,
    RepeatBytes,
    Cut,
}
