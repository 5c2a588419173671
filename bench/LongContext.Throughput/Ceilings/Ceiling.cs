namespace LongContext.Throughput.Ceilings;

/// <summary>What the machine can do at most of one thing.</summary>
/// <param name="Figure">Of what, with its unit.</param>
/// <param name="Threads">On how many threads.</param>
/// <param name="Value">How much.</param>
internal sealed record Ceiling(string Figure, int Threads, double Value);
