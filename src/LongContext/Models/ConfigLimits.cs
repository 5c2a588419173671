namespace LongContext.Models;

/// <summary>Upper bounds of what a configuration may ask for: far above any published model, far below what overflows.</summary>
internal static class ConfigLimits
{
    internal const int Layers = 1_024;
    internal const int HiddenSize = 1 << 18;
    internal const int IntermediateSize = 1 << 20;
    internal const int Heads = 4_096;
    internal const int HeadDim = 1_024;
    internal const int VocabularySize = 1 << 24;
    internal const int ContextLength = 1 << 30;
}
