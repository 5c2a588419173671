using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LongContext.Diagnostics;

/// <summary>What the library tells OpenTelemetry and dotnet-counters: one activity source and one meter, both named "LongContext".</summary>
internal static class Telemetry
{
    /// <summary>Name of the activity source and the meter.</summary>
    internal const string Name = "LongContext";

    /// <summary>One activity for each generation.</summary>
    internal static readonly ActivitySource Activities = new(Name);

    private static readonly Meter Source = new(Name); // first: the instruments below are made in this order

    internal static readonly Counter<long> Requests =
        Source.CreateCounter<long>("longcontext.requests", "{request}", "Requests ended, by outcome.");

    internal static readonly Counter<long> PromptTokens =
        Source.CreateCounter<long>("longcontext.prompt_tokens", "{token}", "Prompt tokens computed, recomputed ones included.");

    internal static readonly Counter<long> NewTokens =
        Source.CreateCounter<long>("longcontext.new_tokens", "{token}", "Tokens generated.");

    internal static readonly Counter<long> Preemptions =
        Source.CreateCounter<long>("longcontext.preemptions", "{preemption}", "Times a sequence lost its KV pages.");

    internal static readonly Histogram<double> StepDuration =
        Source.CreateHistogram<double>("longcontext.step.duration", "s", "Time of one engine step.");

    internal static readonly Histogram<double> TimeToFirstToken =
        Source.CreateHistogram<double>("longcontext.time_to_first_token", "s", "From submission to the first generated token.");
}
