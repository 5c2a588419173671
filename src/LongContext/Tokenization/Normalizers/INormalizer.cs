namespace LongContext.Tokenization.Normalizers;

/// <summary>Rewrites text before it is split into words. Thread-safe; time and memory linear in the text.</summary>
internal interface INormalizer
{
    /// <summary>The rewritten text; the same instance where nothing changes.</summary>
    string Normalize(string text);
}
