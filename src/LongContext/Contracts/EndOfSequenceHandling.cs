namespace LongContext;

/// <summary>What a generation does when the model produces an end-of-sequence token.</summary>
public enum EndOfSequenceHandling
{
    /// <summary>End.</summary>
    Stop,

    /// <summary>Go on to <see cref="GenerationOptions.MaxNewTokens"/> (measurements, fixed-length output).</summary>
    Ignore,
}
