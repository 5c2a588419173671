namespace LongContext.Tests.Planning;

internal static class PlanningModels
{
    internal static ModelInfo Llama8B { get; } = new()
    {
        Architecture = "llama",
        ParameterCount = 8_030_261_248,
        WeightBytes = 16_060_522_496,
        Layers = 32,
        HiddenSize = 4096,
        IntermediateSize = 14_336,
        QHeads = 32,
        KVHeads = 8,
        HeadDim = 128,
        VocabularySize = 128_256,
        MaxContextLength = 131_072,
    };
}
