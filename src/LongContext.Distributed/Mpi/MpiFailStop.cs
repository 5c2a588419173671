using System.Diagnostics;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>The end of a rank that cannot go on: one line, word to the other ranks, MPI_Abort if it returns in time, and the exit code in any case.</summary>
internal static class MpiFailStop
{
    /// <summary>Ranks cannot go on together: a launcher may start them again.</summary>
    internal const int CommunicationFault = 75;

    /// <summary>Ranks do not fit together: starting them again the same way does not help.</summary>
    internal const int ConfigurationMismatch = 78;

    /// <summary>The process ended and its communicator was open.</summary>
    internal const int NotClosed = 70;

    private static readonly TimeSpan Telling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Aborting = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Forwarding = TimeSpan.FromSeconds(0.15); // an aborting launcher drops lines that it has not read
    private static readonly ManualResetEventSlim Hurried = new();
    private static int _begun;

    /// <summary>The process is on its way out.</summary>
    internal static bool HasBegun => Volatile.Read(ref _begun) != 0;

    /// <summary>What the process ends with; 0 before the end has begun.</summary>
    internal static int Code { get; private set; }

    internal static int CodeOf(FaultKind kind) => kind == FaultKind.ConfigurationMismatch ? ConfigurationMismatch : CommunicationFault;

    /// <summary>Begins the end, once; returns at once.</summary>
    internal static void Begin(MpiWorld? world, string report, int code)
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            Code = code;
            new Thread(() => Run(world, report, code)) { IsBackground = true, Name = "longcontext fail-stop" }.Start();
        }
    }

    /// <summary>Waits for the end; goes on only if it does not come.</summary>
    internal static void AwaitEnd() => Thread.Sleep(TimeSpan.FromSeconds(30));

    /// <summary>Something will kill this process soon: from now on the end, if it has begun, waits for nothing but its line.</summary>
    internal static void Hurry() => Hurried.Set();

    private static void Run(MpiWorld? world, string report, int code)
    {
        NativeProcess.WriteErrorLine($"{report.TrimEnd('.')}; exit {code}");
        if (world is not null)
        {
            world.SetReported();
            for (long start = Stopwatch.GetTimestamp(); !world.OthersKnow && Stopwatch.GetElapsedTime(start) < Telling && !Hurried.IsSet;)
            {
                Thread.Sleep(2);
            }
        }

        Thread.Sleep(Forwarding);
        MpiProcess.RequestAbort(code);
        Hurried.Wait(Aborting);
        NativeProcess.End(code);
    }
}
