using LongContext.Loading;

namespace LongContext.Tests.Shared.Reference;

/// <summary>A reference model as the library opens it, without a file: as a Hugging Face folder or as a GGUF file.</summary>
internal static class ReferenceModelFiles
{
    internal static ModelFiles HuggingFace(ReferenceModel m) => new()
    {
        Path = "memory",
        Config = new JsonConfig("config.json", m.Config),
        Weights = new MemoryWeights(WeightNaming.HuggingFace, m.Tensors),
    };

    internal static ModelFiles Gguf(ReferenceModel m) => new()
    {
        Path = "memory.gguf",
        Gguf = new GgufMetadata("memory.gguf", ReferenceGguf.Metadata(m)),
        Weights = new MemoryWeights(WeightNaming.Gguf, ReferenceGguf.Tensors(m)),
    };
}
