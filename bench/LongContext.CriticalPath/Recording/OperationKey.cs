namespace LongContext.CriticalPath.Recording;

/// <summary>Which operation, the same on all ranks that take part in it.</summary>
/// <param name="Group">Name of the communicator.</param>
/// <param name="Sequence">Number of the operation on it.</param>
internal readonly record struct OperationKey(string Group, ulong Sequence);
