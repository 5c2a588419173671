using System.Globalization;

namespace LongContext.Communication.InProcess;

/// <summary>Puts faults into words: who, with whom, in which operation, and both values where two differ.</summary>
internal static class FaultDescription
{
    internal static CommunicatorFault Diverged(CommunicatorInfo info, RankOperation operation, int rank, int other)
    {
        return Make(
            FaultKind.Diverged, operation, rank, other,
            $"Ranks diverged at operation {operation.Sequence}: {info.Describe(other)} started {operation.Parts[other]}, " +
            $"but {info.Describe(rank)} started {operation.Parts[rank]}.");
    }

    internal static CommunicatorFault Ended(CommunicatorInfo info, RankOperation operation, int rank, int missing)
    {
        return Make(
            FaultKind.RankEnded, operation, rank, missing,
            $"{info.Describe(missing)} has ended, and {info.Describe(rank)} waits for it in operation {operation.Sequence}, {Example(operation)}.");
    }

    internal static CommunicatorFault EndedInside(CommunicatorInfo info, RankOperation operation, int rank)
    {
        return Make(
            FaultKind.RankEnded, operation, rank, rank,
            $"{info.Describe(rank)} has ended inside operation {operation.Sequence}, {operation.Parts[rank]}: it never completed.");
    }

    internal static CommunicatorFault Late(CommunicatorInfo info, RankOperation operation, int rank, int missing, TimeSpan deadline)
    {
        string seconds = deadline.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        return Make(
            FaultKind.DeadlineExceeded, operation, rank, missing,
            $"{info.Describe(rank)} of {info.Hosts.Count}: no answer from {info.Describe(missing)} within {seconds} s " +
            $"in operation {operation.Sequence}, {Example(operation)}. The time is set by {nameof(CommunicatorOptions.OperationDeadline)}.");
    }

    private static RankPart Example(RankOperation operation) => operation.Parts[operation.First];

    private static CommunicatorFault Make(FaultKind kind, RankOperation operation, int rank, int suspected, string message) => new(
        kind, rank, suspected, operation.Sequence, Example(operation).Tag, char.ToUpperInvariant(message[0]) + message[1..]);
}
