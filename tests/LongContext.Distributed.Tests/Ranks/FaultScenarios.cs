using System.Diagnostics;
using System.Globalization;
using LongContext.Communication;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Ranks that something happens to. First argument of each: the deadline of operations in seconds.</summary>
internal static class FaultScenarios
{
    private static readonly CommTag Tag = new(812, 17, CommPhase.GatherHeads, 3);

    /// <summary>All ranks exchange for ever, until something ends them. Second argument: the operation.</summary>
    internal static int ExchangeForEver(RankRun run)
    {
        using ICommunicator communicator = run.Connect(Options(run));
        const int each = 100_000;
        using CommBuffer send = communicator.Allocate(each * 4L);
        using CommBuffer receive = communicator.Allocate(each * 4L * communicator.Size);
        CommRegion mine = send.Region(ElementKind.Float32);
        CommRegion all = receive.Region(ElementKind.Float32);
        (int next, int last) = ((communicator.Rank + 1) % communicator.Size, (communicator.Rank + communicator.Size - 1) % communicator.Size);
        for (long step = 0; step < long.MaxValue; step++)
        {
            CommOperation operation = run.Arguments[1] switch
            {
                "gather" => communicator.AllGather(mine, all, Tag),
                "reduce" => communicator.AllReduce(mine, Reduction.Sum, Tag),
                "ring" => communicator.SendReceive(mine, next, all.Slice(0, each), last, Tag),
                _ => communicator.Barrier(Tag),
            };
            operation.Wait();
            if (step == 20)
            {
                run.Place.Mark("ready");
            }
        }

        return 0;
    }

    /// <summary>The last rank computes and computes; the others wait for it.</summary>
    internal static int LastNeverComes(RankRun run)
    {
        using ICommunicator communicator = run.Connect(Options(run));
        run.Place.Mark("ready");
        if (communicator.Rank == communicator.Size - 1)
        {
            Thread.Sleep(Timeout.Infinite);
        }

        communicator.Barrier(Tag).Wait();
        return 0;
    }

    /// <summary>The last rank does not make its communicator.</summary>
    internal static int LastNeverStarts(RankRun run)
    {
        if (run.Place.Rank == run.Place.Size - 1)
        {
            Thread.Sleep(Timeout.Infinite);
        }

        using ICommunicator communicator = run.Connect(Options(run) with { StartDeadline = TimeSpan.FromSeconds(2) });
        return 0;
    }

    /// <summary>The last rank was started with another model. Or, second argument "deadline", with another deadline.</summary>
    internal static int LastDiffers(RankRun run)
    {
        bool isLast = run.Place.Rank == run.Place.Size - 1;
        bool byOption = run.Arguments[1] == "deadline";
        CommunicatorOptions options = Options(run);
        using ICommunicator communicator = run.Connect(isLast && byOption ? options with { OperationDeadline = TimeSpan.FromSeconds(99) } : options);
        communicator.Agree([new("model", isLast ? "decade" : "c0ffee")]);
        return 0;
    }

    /// <summary>The last rank's program ends, with code 0 and its communicator open; the others wait for it.</summary>
    internal static int LastForgetsToClose(RankRun run)
    {
        ICommunicator communicator = run.Connect(Options(run));
        if (communicator.Rank < communicator.Size - 1)
        {
            communicator.Barrier(Tag).Wait();
        }

        return 0;
    }

    /// <summary>The last rank throws, and nothing catches it.</summary>
    internal static int LastThrows(RankRun run)
    {
        using ICommunicator communicator = run.Connect(Options(run));
        if (communicator.Rank == communicator.Size - 1)
        {
            throw new InvalidOperationException("out of memory, say");
        }

        communicator.Barrier(Tag).Wait();
        return 0;
    }

    /// <summary>Exceptions that .NET makes of signals, a child process and a full collection, with the transport running: none may end the process.</summary>
    internal static int SurviveSignals(RankRun run)
    {
        using ICommunicator communicator = run.Connect(Options(run));
        int caught = 0;
        for (int i = 0; i < 1000; i++)
        {
            try
            {
                caught -= Length(null!);
            }
            catch (NullReferenceException)
            {
                caught++;
            }

            try
            {
                caught -= 1 / (caught - caught);
            }
            catch (DivideByZeroException)
            {
            }

            if (i % 100 == 0)
            {
                communicator.Barrier(Tag).Wait();
            }
        }

        using Process child = Process.Start(new ProcessStartInfo("true") { RedirectStandardOutput = true })!;
        child.WaitForExit();
        GC.Collect();
        communicator.Barrier(Tag).Wait();
        Console.WriteLine($"rank {run.Place.Rank}: {caught} caught, child {child.ExitCode}");
        return 0;
    }

    /// <summary>Nothing happens but the start, and what it says.</summary>
    internal static int TellInfo(RankRun run)
    {
        using ICommunicator communicator = run.Connect(Options(run));
        Console.WriteLine($"rank {communicator.Rank} of {communicator.Size} over {communicator.Info.Library}");
        return 0;
    }

    private static int Length(string text) => text.Length;

    private static CommunicatorOptions Options(RankRun run) => new()
    {
        OperationDeadline = TimeSpan.FromSeconds(double.Parse(run.Arguments[0], CultureInfo.InvariantCulture)),
        StartDeadline = TimeSpan.FromSeconds(30),
        SlowRankWarning = TimeSpan.FromSeconds(1),
    };
}
