namespace LongContext.Cli.CommandLine;

/// <summary>Reads the options that <c>run</c> and <c>chat</c> share.</summary>
internal static class SamplingArguments
{
    internal static GenerationOptions Read(Arguments arguments) => new()
    {
        MaxNewTokens = arguments.GetInteger(Options.MaxTokens, minimum: 1) ?? GenerationOptions.Default.MaxNewTokens,
        StopSequences = arguments.GetText(Options.Stop) is { } stop ? [stop] : [],
        EndOfSequence = arguments.Has(Options.IgnoreEnd) ? EndOfSequenceHandling.Ignore : EndOfSequenceHandling.Stop,
        Sampling = new SamplingOptions
        {
            Temperature = arguments.GetNumber(Options.Temperature) ?? SamplingOptions.Greedy.Temperature,
            TopK = arguments.GetInteger(Options.TopK, minimum: 0) ?? SamplingOptions.Greedy.TopK,
            TopP = arguments.GetNumber(Options.TopP) ?? SamplingOptions.Greedy.TopP,
            MinP = arguments.GetNumber(Options.MinP) ?? SamplingOptions.Greedy.MinP,
            RepetitionPenalty = arguments.GetNumber(Options.RepetitionPenalty) ?? SamplingOptions.Greedy.RepetitionPenalty,
            Seed = arguments.GetSeed(Options.Seed) ?? 0,
        },
    };
}
