namespace LongContext.CriticalPath.Recording;

/// <summary>One entry of what a rank did.</summary>
/// <param name="Kind">What.</param>
/// <param name="Seconds">Of computing; 0 of all else: how long others take is not the rank's own.</param>
/// <param name="Part">Of a start or wait: in which operation.</param>
internal readonly record struct RankEvent(EventKind Kind, double Seconds, OperationPart? Part)
{
    internal static RankEvent Compute(double seconds) => new(EventKind.Compute, seconds, null);

    internal static RankEvent Start(OperationPart part) => new(EventKind.Start, 0, part);

    internal static RankEvent Wait(OperationPart part) => new(EventKind.Wait, 0, part);
}
