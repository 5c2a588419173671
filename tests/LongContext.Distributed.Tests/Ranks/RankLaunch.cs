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
}
