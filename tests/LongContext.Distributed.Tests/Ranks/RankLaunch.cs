namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What to start: a scenario of <see cref="RankProgram"/>, on several ranks.</summary>
/// <param name="Launcher">What starts them.</param>
/// <param name="Size">Ranks.</param>
/// <param name="Scenario">Its name in <see cref="RankScenarios"/>.</param>
/// <param name="Transport">Its name in <see cref="RankTransports"/>.</param>
/// <param name="Arguments">For the scenario.</param>
internal sealed record RankLaunch(RankLauncher Launcher, int Size, string Scenario, string Transport, params IReadOnlyList<string> Arguments)
{
    /// <summary>Variables for launcher and ranks, on top of this process's.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Options for the launcher, before the program.</summary>
    internal IReadOnlyList<string> LauncherOptions { get; init; } = [];

    /// <summary>A program and its arguments that start the launcher, if it is not started directly.</summary>
    internal IReadOnlyList<string> LauncherPrefix { get; init; } = [];

    /// <summary>
    /// Each rank's standard error and exit code go to files of its own (<see cref="RankPlace.ErrorFile"/>, <see cref="RankPlace.CodeFile"/>), which are there
    /// when its launcher can no longer be asked.
    /// </summary>
    internal bool KeepsEnds { get; init; }
}
