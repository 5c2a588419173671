namespace LongContext.Scheduling;

/// <summary>Where a sequence is in its life.</summary>
internal enum SequenceState
{
    /// <summary>Has no pages: not started yet, or preempted.</summary>
    Waiting,

    /// <summary>Has pages (or will have in this step) and takes part in steps.</summary>
    Running,

    /// <summary>Ended; its pages are back.</summary>
    Finished,
}
