namespace LongContext.CriticalPath.Recording;

/// <summary>What a rank did next.</summary>
internal enum EventKind
{
    /// <summary>Computed.</summary>
    Compute,

    /// <summary>Started an operation.</summary>
    Start,

    /// <summary>Waited for one.</summary>
    Wait,
}
