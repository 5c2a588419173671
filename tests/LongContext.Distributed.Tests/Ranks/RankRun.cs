using LongContext.Communication;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What a scenario gets.</summary>
/// <param name="Place">Which rank this is.</param>
/// <param name="Transport">What ranks talk over; a name in <see cref="RankTransports"/>.</param>
/// <param name="Arguments">The test's words for the scenario.</param>
internal sealed record RankRun(RankPlace Place, string Transport, IReadOnlyList<string> Arguments)
{
    private int _worlds;

    /// <summary>Makes this rank's communicator. Every rank of the job does so, as often as the others.</summary>
    internal ICommunicator Connect(CommunicatorOptions options) => RankTransports.All[Transport](Place, _worlds++, options);
}
