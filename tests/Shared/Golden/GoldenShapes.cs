namespace LongContext.Tests.Shared.Golden;

/// <summary>The shapes of gen_model.py, by its names.</summary>
internal static class GoldenShapes
{
    internal static GoldenShape Tiny { get; } = new()
    {
        Name = "tiny", Architecture = "llama", HiddenSize = 64, Layers = 2, QHeads = 4, KVHeads = 2, HeadDim = 16, FeedForward = 160,
        Vocabulary = 320, Tied = false, RopeBase = 10_000, Context = 4_096, Epsilon = 1e-5, QKGain = 2, OutputGain = 3,
    };

    internal static GoldenShape TinyTied { get; } = Tiny with { Name = "tiny-tied", KVHeads = 4, Tied = true, OutputGain = 0.7 };

    /// <summary>Ours: enough query heads for eight ranks.</summary>
    internal static GoldenShape TinyHeads8 { get; } = Tiny with { Name = "tiny-heads8", QHeads = 8, HeadDim = 8 };

    internal static GoldenShape TinyLlama3 { get; } = TinyTied with
    {
        Name = "tiny-llama3", HiddenSize = 128, Layers = 3, KVHeads = 1, HeadDim = 32, FeedForward = 256, Vocabulary = 384,
        RopeBase = 500_000, Context = 16_384, Llama3 = new(32, 1, 4, 512),
    };

    internal static GoldenShape TinyQwen2 { get; } = TinyTied with
    {
        Name = "tiny-qwen2", Architecture = "qwen2", KVHeads = 2, RopeBase = 1_000_000, Epsilon = 1e-6,
    };

    internal static GoldenShape TinyQwen3 { get; } = TinyQwen2 with { Name = "tiny-qwen3", Architecture = "qwen3", HeadDim = 32 };

    internal static GoldenShape Llama160M { get; } = new()
    {
        Name = "llama-160m", Architecture = "llama", HiddenSize = 768, Layers = 12, QHeads = 12, KVHeads = 12, HeadDim = 64, FeedForward = 3_072,
        Vocabulary = 32_000, Tied = false, RopeBase = 10_000, Context = 32_768, Epsilon = 1e-6,
    };

    internal static GoldenShape Llama32x1B { get; } = new()
    {
        Name = "llama3.2-1b", Architecture = "llama", HiddenSize = 2_048, Layers = 16, QHeads = 32, KVHeads = 8, HeadDim = 64, FeedForward = 8_192,
        Vocabulary = 128_256, Tied = true, RopeBase = 500_000, Context = 131_072, Epsilon = 1e-5, Llama3 = new(32, 1, 4, 8_192),
    };

    internal static GoldenShape Qwen25x05B { get; } = new()
    {
        Name = "qwen2.5-0.5b", Architecture = "qwen2", HiddenSize = 896, Layers = 24, QHeads = 14, KVHeads = 2, HeadDim = 64, FeedForward = 4_864,
        Vocabulary = 151_936, Tied = true, RopeBase = 1_000_000, Context = 32_768, Epsilon = 1e-6,
    };

    internal static GoldenShape Qwen3x06B { get; } = new()
    {
        Name = "qwen3-0.6b", Architecture = "qwen3", HiddenSize = 1_024, Layers = 28, QHeads = 16, KVHeads = 8, HeadDim = 128, FeedForward = 3_072,
        Vocabulary = 151_936, Tied = true, RopeBase = 1_000_000, Context = 40_960, Epsilon = 1e-6,
    };

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<GoldenShape> All { get; } =
        [Tiny, TinyTied, TinyHeads8, TinyLlama3, TinyQwen2, TinyQwen3, Llama160M, Llama32x1B, Qwen25x05B, Qwen3x06B];

    /// <summary>The shape of that name.</summary>
    internal static GoldenShape Named(string name) =>
        All.FirstOrDefault(s => s.Name == name) ?? throw new ArgumentException($"No shape '{name}'; there are {string.Join(", ", All.Select(s => s.Name))}.");
}
