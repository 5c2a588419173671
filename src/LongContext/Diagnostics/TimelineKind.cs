namespace LongContext.Diagnostics;

/// <summary>What a <see cref="TimelineSpan"/> is spent on.</summary>
internal enum TimelineKind
{
    /// <summary>The backend works.</summary>
    Compute,

    /// <summary>Memory moves between ranks, from the operation's start until it was waited for; computing may go on meanwhile.</summary>
    Communication,
}
