namespace LongContext.Samples.Quickstart;

/// <summary>Shows on a terminal how far the reading of the text is; writes nothing where the output goes to a file.</summary>
internal sealed class ReadingProgress : IProgress<PrefillProgress>
{
    /// <inheritdoc/>
    public void Report(PrefillProgress value)
    {
        if (!Console.IsErrorRedirected)
        {
            string left = value.EstimatedTimeLeft is { } time ? $", {time.TotalSeconds:F0} s left" : "";
            Console.Error.Write($"\rreading: {value.TokensDone:N0} of {value.TokensTotal:N0} tokens{left}      ");
            if (value.TokensDone >= value.TokensTotal)
            {
                Console.Error.Write("\r\e[K");
            }
        }
    }
}
