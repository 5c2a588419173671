using LongContext.Loading;

namespace LongContext.Models;

/// <summary>What users are told of a model: sizes from its configuration, weights and bytes from its tensors' headers.</summary>
internal static class ModelDescription
{
    /// <summary>Sums up a model.</summary>
    /// <param name="config">Its configuration.</param>
    /// <param name="table">Its tensors.</param>
    /// <param name="source">Their files; null: the bytes are 0.</param>
    internal static ModelInfo Of(ModelConfig config, IEnumerable<WeightEntry> table, IWeightSource? source)
    {
        long parameters = 0;
        long bytes = 0;
        foreach (WeightEntry entry in table)
        {
            parameters = checked(parameters + entry.ElementCount);
            bytes = checked(bytes + (source?.Tensors[entry.Name].ByteCount ?? 0));
        }

        return new ModelInfo
        {
            Architecture = config.Architecture,
            ParameterCount = parameters,
            WeightBytes = bytes,
            Layers = config.Layers,
            HiddenSize = config.HiddenSize,
            IntermediateSize = config.IntermediateSize,
            QHeads = config.QHeads,
            KVHeads = config.KVHeads,
            HeadDim = config.HeadDim,
            VocabularySize = config.VocabularySize,
            MaxContextLength = config.MaxContextLength,
        };
    }
}
