namespace LongContext.Distributed.Mpi;

/// <summary>A request that has completed: valid until its owner returns.</summary>
/// <param name="Api">The library.</param>
/// <param name="Statuses">Array of statuses.</param>
/// <param name="Index">The request's in it.</param>
internal readonly record struct MpiCompletion(MpiApi Api, nint Statuses, int Index)
{
    /// <summary>Bytes received; meaningless for a send.</summary>
    internal int Bytes() => Api.Count(Statuses, Index);
}
