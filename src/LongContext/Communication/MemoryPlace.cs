namespace LongContext.Communication;

/// <summary>Where a <see cref="CommRegion"/> is.</summary>
public enum MemoryPlace : byte
{
    /// <summary>Memory the CPU addresses.</summary>
    Host,

    /// <summary>Memory of a CUDA device.</summary>
    Cuda,
}
