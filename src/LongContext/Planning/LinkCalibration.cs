using System.Diagnostics;
using LongContext.Communication;

namespace LongContext.Planning;

/// <summary>Measures a communicator's link by sending a message round: short ones for the latency, long ones for the rate.</summary>
public static class LinkCalibration
{
    private const int ShortBytes = 8;
    private const long LongBytes = 4 << 20;
    private const int ShortRounds = 200;
    private const int LongRounds = 8;

    /// <summary>Every rank calls, and waits for the others. Takes a few tens of milliseconds on a fast link.</summary>
    /// <returns>What this rank saw of sending to the next rank while receiving from the one before; the best of its rounds.</returns>
    /// <exception cref="ArgumentException">There is only one rank: there is no link.</exception>
    /// <exception cref="CommunicatorException">A rank failed.</exception>
    public static LinkProfile Measure(ICommunicator communicator)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        if (communicator.Size < 2)
        {
            throw new ArgumentException("A single rank has no link to measure.", nameof(communicator));
        }

        using CommBuffer send = communicator.Allocate(LongBytes);
        using CommBuffer receive = communicator.Allocate(LongBytes);
        double latency = Best(communicator, send, receive, ShortBytes, ShortRounds, part: 0);
        double transfer = Best(communicator, send, receive, LongBytes, LongRounds, part: 1);
        return new LinkProfile(latency, LongBytes / Math.Max(transfer - latency, 1e-9));
    }

    private static double Best(ICommunicator c, CommBuffer send, CommBuffer receive, long bytes, int rounds, byte part)
    {
        CommRegion outgoing = send.Region(ElementKind.Byte).Slice(0, bytes);
        CommRegion incoming = receive.Region(ElementKind.Byte).Slice(0, bytes);
        double best = double.PositiveInfinity;
        for (int round = 0; round < rounds; round++)
        {
            long started = Stopwatch.GetTimestamp();
            c.SendReceive(outgoing, (c.Rank + 1) % c.Size, incoming, (c.Rank + c.Size - 1) % c.Size, new CommTag(0, 0, CommPhase.Check, part)).Wait();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }
}
