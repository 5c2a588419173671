namespace LongContext.Diagnostics;

/// <summary>Something a rank did.</summary>
/// <param name="Name">What, in a few words; the same object every time.</param>
/// <param name="Kind">Computing, or waiting for memory to move.</param>
/// <param name="Step">Step of the engine.</param>
/// <param name="Layer">Decoder layer, or −1 outside the layers.</param>
/// <param name="Start">Ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="End">Likewise.</param>
internal readonly record struct TimelineSpan(string Name, TimelineKind Kind, uint Step, int Layer, long Start, long End);
