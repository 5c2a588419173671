namespace LongContext.CriticalPath.Recording;

/// <summary>What one rank sends and receives in an operation; ranks are those of the world. What a rank keeps for itself is in neither.</summary>
/// <param name="Key">Which operation.</param>
/// <param name="Sends">Messages to other ranks.</param>
/// <param name="Receives">Ranks from which a message comes.</param>
internal sealed record OperationPart(OperationKey Key, IReadOnlyList<(int To, long Bytes)> Sends, IReadOnlyList<int> Receives);
