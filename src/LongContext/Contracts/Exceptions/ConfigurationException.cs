namespace LongContext;

/// <summary>A session cannot be built as configured. Lists every problem found, not only the first.</summary>
/// <param name="problems">One sentence each.</param>
public sealed class ConfigurationException(IReadOnlyList<string> problems)
    : LongContextException(problems.Count == 1
        ? problems[0]
        : $"{problems.Count} problems in the session's configuration:{Environment.NewLine}- {string.Join(Environment.NewLine + "- ", problems)}")
{
    /// <summary>One sentence each.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
