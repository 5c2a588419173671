namespace LongContext.Backends;

/// <summary>Which two features of a head form rotary pair i of n.</summary>
public enum RotaryLayout : byte
{
    /// <summary>Features i and i + n (Hugging Face, "NeoX").</summary>
    SplitHalves,

    /// <summary>Features 2i and 2i + 1 (GGUF files of the Llama architecture).</summary>
    Interleaved,
}
