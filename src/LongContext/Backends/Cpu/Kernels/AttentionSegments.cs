namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Where a sequence's keys are cut so that several workers can share one row: always at the same places.</summary>
internal static class AttentionSegments
{
    private const int Target = 4096;

    /// <summary>Keys of a segment: whole pages, about 4096 keys.</summary>
    internal static int Keys(int pageSize) => Math.Max(1, Target / pageSize) * pageSize;
}
