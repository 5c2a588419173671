namespace LongContext.Planning;

/// <summary>Seconds of one layer's prefill, and what it sends.</summary>
/// <param name="Seconds">From start to end.</param>
/// <param name="Compute">Of it, computing on the busiest host.</param>
/// <param name="Communication">Transfers, whether hidden under computing or not.</param>
/// <param name="Bytes">Sent by one host.</param>
internal readonly record struct PrefillTime(double Seconds, double Compute, double Communication, double Bytes);
