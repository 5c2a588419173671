namespace LongContext.Communication;

/// <summary>What one rank moved: payload alone, whatever a transport adds to it.</summary>
/// <remarks>
/// Counted when an operation starts. What a rank keeps for itself is not counted. A broadcast counts at the root once for each other rank;
/// a reduction counts as the exchange of parts and of results that it stands for: 2 · (size − 1) / size of the memory each way.
/// </remarks>
/// <param name="Operations">Operations started.</param>
/// <param name="BytesSent">Bytes for other ranks.</param>
/// <param name="BytesReceived">Bytes from other ranks.</param>
public readonly record struct CommTraffic(long Operations, long BytesSent, long BytesReceived);
