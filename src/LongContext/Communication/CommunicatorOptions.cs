namespace LongContext.Communication;

/// <summary>What a communicator is made with; the same on all ranks.</summary>
public sealed record CommunicatorOptions
{
    /// <summary>The defaults.</summary>
    public static CommunicatorOptions Default { get; } = new();

    /// <summary>
    /// How long a rank waits for others, counted from the first wait for an operation; then the communicator faults. Default 60 s.
    /// The work between two operations must stay well below it on every rank.
    /// </summary>
    public TimeSpan OperationDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long ranks may take to start and to find each other, and to end together. Default 300 s. In one process nobody waits for it.
    /// </summary>
    public TimeSpan StartDeadline { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>
    /// A rank that is a process writes a line to its standard error, naming who is late, when it waits for others longer than this. Default 5 s.
    /// </summary>
    public TimeSpan SlowRankWarning { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What a rank that is a process does at a fault. Default: it ends. Ranks that are threads only throw.</summary>
    public FaultAction OnFault { get; init; } = FaultAction.EndProcess;

    /// <summary>Refuses values that make no sense. For implementers of communicators: before anything listens or loads.</summary>
    /// <exception cref="ConfigurationException">One sentence for each.</exception>
    public void Validate()
    {
        List<string> problems = [];
        Check(OperationDeadline, nameof(OperationDeadline), problems);
        Check(StartDeadline, nameof(StartDeadline), problems);
        Check(SlowRankWarning, nameof(SlowRankWarning), problems);
        if (OnFault > FaultAction.ThrowOnly)
        {
            problems.Add($"{nameof(OnFault)} is {OnFault}, which is no action.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private static void Check(TimeSpan value, string name, List<string> problems)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
        {
            problems.Add($"{name} is {value}; it must be above zero and at most one day.");
        }
    }
}
