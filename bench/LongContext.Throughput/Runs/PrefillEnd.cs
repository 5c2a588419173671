namespace LongContext.Throughput.Runs;

/// <summary>Notes the processor time when the prompt is computed; called on the engine's thread.</summary>
internal sealed class PrefillEnd(Func<TimeSpan> cpuTime) : IProgress<PrefillProgress>
{
    internal TimeSpan CpuTime { get; private set; }

    /// <inheritdoc/>
    public void Report(PrefillProgress value)
    {
        if (value.TokensDone == value.TokensTotal)
        {
            CpuTime = cpuTime();
        }
    }
}
