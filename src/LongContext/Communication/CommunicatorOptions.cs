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

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ConfigurationException">One sentence for each.</exception>
    internal void Validate()
    {
        if (OperationDeadline <= TimeSpan.Zero || OperationDeadline > TimeSpan.FromDays(1))
        {
            throw new ConfigurationException(
                [$"{nameof(OperationDeadline)} is {OperationDeadline}; it must be above zero and at most one day."]);
        }
    }
}
