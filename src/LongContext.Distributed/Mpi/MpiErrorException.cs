namespace LongContext.Distributed.Mpi;

/// <summary>MPI returned an error. Never leaves the package: it becomes a fault.</summary>
/// <param name="function">What was called.</param>
/// <param name="text">MPI's own words.</param>
/// <param name="truncated">Whether a message was longer than its receiver expected.</param>
internal sealed class MpiErrorException(string function, string text, bool truncated) : Exception($"{function}: {text}")
{
    /// <summary>A message was longer than its receiver expected.</summary>
    internal bool Truncated { get; } = truncated;
}
