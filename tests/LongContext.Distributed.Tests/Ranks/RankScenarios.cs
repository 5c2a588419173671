using LongContext.Distributed.Tests.Sessions;
using LongContext.Distributed.Tests.Tcp;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What rank processes can be started for, by name.</summary>
internal static class RankScenarios
{
    /// <summary>Each returns the process's exit code.</summary>
    internal static IReadOnlyDictionary<string, Func<RankRun, int>> All { get; } = new Dictionary<string, Func<RankRun, int>>
    {
        ["conformance"] = ConformanceScenario.Run,
        ["exit"] = ExitScenario.Run,
        ["speed"] = SpeedScenario.Run,
        ["allocation"] = CostScenarios.Allocation,
        ["ping-pong"] = CostScenarios.PingPong,
        ["exchange-for-ever"] = FaultScenarios.ExchangeForEver,
        ["last-never-comes"] = FaultScenarios.LastNeverComes,
        ["last-never-starts"] = FaultScenarios.LastNeverStarts,
        ["last-differs"] = FaultScenarios.LastDiffers,
        ["last-forgets-to-close"] = FaultScenarios.LastForgetsToClose,
        ["last-throws"] = FaultScenarios.LastThrows,
        ["survive-signals"] = FaultScenarios.SurviveSignals,
        ["tell-info"] = FaultScenarios.TellInfo,
        ["session-equals-one-rank"] = SessionScenarios.EqualOneRank,
        ["session-blocks-equal-one-machine"] = SessionScenarios.BlocksEqualOneMachine,
        ["session-generates-for-ever"] = SessionScenarios.GenerateForEver,
        ["session-last-differs"] = SessionScenarios.LastDiffers,
    };
}
