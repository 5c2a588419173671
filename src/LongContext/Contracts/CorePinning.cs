namespace LongContext;

/// <summary>Whether the threads that compute may move from core to core.</summary>
public enum CorePinning
{
    /// <summary>The system moves them as it likes.</summary>
    None,

    /// <summary>
    /// Each thread, the engine's own included, stays on a logical core of its own; no two on one physical core while there are others.
    /// For machines that do nothing else: two processes that pin choose the same cores. On Linux only; elsewhere nothing is pinned.
    /// </summary>
    OneCorePerThread,
}
