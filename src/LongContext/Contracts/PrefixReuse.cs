namespace LongContext;

/// <summary>Whether cached keys and values of one request's prompt may serve another's.</summary>
public enum PrefixReuse
{
    /// <summary>Whole pages with equal tokens from the start are shared. Timing can tell a caller that someone sent the same beginning.</summary>
    Enabled,

    /// <summary>Nothing is shared.</summary>
    Disabled,
}
