using System.Globalization;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Puts faults into words: who, with whom, in which operation, and both values where two differ.</summary>
internal static class TcpFaults
{
    internal static CommunicatorFault Diverged(TcpOperation operation, int peer, Announcement heard)
    {
        CommunicatorInfo info = operation.Group.Info;
        return Make(
            FaultKind.Diverged, operation, peer,
            $"Ranks diverged at operation {operation.Sequence}: {info.Describe(peer)} started {heard}, " +
            $"but {info.Describe(operation.Group.Rank)} started {operation.Own}.");
    }

    internal static CommunicatorFault Ended(TcpOperation operation, int peer, string how) => Make(
        FaultKind.RankEnded, operation, peer,
        $"{operation.Group.Info.Describe(peer)} has ended{how}, and {operation.Group.Info.Describe(operation.Group.Rank)} waits for it " +
        $"in operation {operation.Sequence}, {operation.Own}.");

    internal static CommunicatorFault EndedInside(TcpOperation operation) => Make(
        FaultKind.RankEnded, operation, operation.Group.Rank,
        $"{operation.Group.Info.Describe(operation.Group.Rank)} has ended inside operation {operation.Sequence}, {operation.Own}: it never completed.");

    internal static CommunicatorFault Late(TcpOperation operation, int peer, TimeSpan deadline, TimeSpan silence)
    {
        CommunicatorInfo info = operation.Group.Info;
        return Make(
            FaultKind.DeadlineExceeded, operation, peer,
            $"{info.Describe(operation.Group.Rank)} of {info.Hosts.Count}: no answer from {info.Describe(peer)} within {Seconds(deadline)} s " +
            $"in operation {operation.Sequence}, {operation.Own}; last heard of {Seconds(silence)} s ago. " +
            $"The time is set by {nameof(CommunicatorOptions.OperationDeadline)}.");
    }

    /// <summary>A warning, not a fault.</summary>
    internal static string Slow(TcpOperation operation, int peer, TimeSpan waited)
    {
        CommunicatorInfo info = operation.Group.Info;
        return $"{info.Describe(operation.Group.Rank)} of {info.Hosts.Count} has waited {Seconds(waited)} s for {info.Describe(peer)} " +
            $"in operation {operation.Sequence}, {operation.Own}.";
    }

    /// <summary>A fault of a connection: about the operation under way, if there is one.</summary>
    internal static CommunicatorFault OfLink(FaultKind kind, TcpMesh mesh, int peer, TcpOperation? operation, string what)
    {
        string where = operation is null
            ? "before the first operation"
            : $"{(operation.IsDone ? "after" : "in")} operation {operation.Sequence}, {operation.Own}";
        string message = $"{mesh.World.Describe(mesh.Rank)} of {mesh.Size}: {what}, {where}.";
        return new CommunicatorFault(
            kind, mesh.Rank, peer, operation?.Sequence ?? 0, operation?.Own.Tag ?? default, char.ToUpperInvariant(message[0]) + message[1..]);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private static CommunicatorFault Make(FaultKind kind, TcpOperation operation, int suspected, string message) => new(
        kind, operation.Group.Rank, suspected, operation.Sequence, operation.Own.Tag, char.ToUpperInvariant(message[0]) + message[1..]);
}
