using LongContext.Communication;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Ranks that are processes, seen from one of them: every process runs the same tests in the same order.</summary>
/// <remarks>A job has one size; tests that want another are ignored. What ranks threw is exchanged through files, since a fault ends the communicator.</remarks>
internal sealed class ProcessCluster(RankRun run) : CommunicatorCluster
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private int _runs;

    internal override int MaxSize => 64;

    internal override IReadOnlyList<Exception?> Run(int size, CommunicatorOptions options, Action<ICommunicator> body)
    {
        if (size != run.Place.Size)
        {
            Assert.Ignore($"The job has {run.Place.Size} ranks.");
        }

        string name = $"outcome.{_runs++}";
        run.Place.Mark(name, RankOutcome.Write(RunRank(options with { OnFault = FaultAction.ThrowOnly }, body)));
        return [.. Enumerable.Range(0, size).Select(r => RankOutcome.Read(run.Place.Await(r, name, Patience)))];
    }

    private Exception? RunRank(CommunicatorOptions options, Action<ICommunicator> body)
    {
        try
        {
            using ICommunicator communicator = run.Connect(options);
            body(communicator);
            return null;
        }
#pragma warning disable CA1031 // whatever a rank throws is the outcome to look at
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }
    }
}
