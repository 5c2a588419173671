using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>The complete list of tensors a model must have, and the check of a file against it. Opens nothing.</summary>
internal static class WeightTable
{
    /// <summary>All tensors of the model, in the order of use.</summary>
    internal static IEnumerable<WeightEntry> For(Architecture architecture, ModelConfig config, WeightNaming naming)
    {
        yield return Entry(WeightRole.TokenEmbedding, -1);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            foreach (WeightRole role in architecture.LayerWeights)
            {
                yield return Entry(role, layer);
            }
        }

        yield return Entry(WeightRole.OutputNorm, -1);
        if (!config.TieWordEmbeddings)
        {
            yield return Entry(WeightRole.Output, -1);
        }

        WeightEntry Entry(WeightRole role, int layer)
        {
            string prefix = layer < 0 ? "" : WeightNames.LayerPrefix(layer, naming);
            return new WeightEntry(role, layer, prefix + architecture.WeightName(role, naming), Shape(role, config));
        }
    }

    /// <summary>Checks that the file has exactly these tensors, each of the right shape and of a type it may have.</summary>
    /// <returns>The table, checked.</returns>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape or type.</exception>
    /// <exception cref="UnsupportedModelException">The file has tensors that would be left out of the computation.</exception>
    internal static IReadOnlyList<WeightEntry> Check(Architecture architecture, ModelConfig config, IWeightSource source)
    {
        List<WeightEntry> entries = [];
        HashSet<string> known = [];
        foreach (WeightEntry entry in For(architecture, config, source.Naming))
        {
            if (!source.Tensors.TryGetValue(entry.Name, out WeightInfo? found))
            {
                throw new ModelFormatException(
                    source.DisplayName, entry.Name, $"the tensor is missing; expected shape {WeightEntry.Format(entry.Dimensions)}.");
            }

            CheckOne(source, entry, found);
            entries.Add(entry);
            known.Add(entry.Name);
        }

        string[] unexpected =
        [
            .. source.Tensors.Keys
                .Where(name => !known.Contains(name) && !WeightNames.IsRedundant(name, config, source.Naming))
                .Order(StringComparer.Ordinal),
        ];
        return unexpected.Length == 0 ? entries : throw new UnsupportedModelException(
            $"{source.DisplayName}: {unexpected.Length} tensors that architecture '{architecture.Name}' does not have " +
            $"({string.Join(", ", unexpected.Take(4))}{(unexpected.Length > 4 ? ", …" : "")})",
            "models whose every tensor is used");
    }

    private static void CheckOne(IWeightSource source, WeightEntry entry, WeightInfo found)
    {
        if (!found.Dimensions.SequenceEqual(entry.Dimensions))
        {
            throw new ModelFormatException(
                source.DisplayName, entry.Name,
                $"the shape is {WeightEntry.Format(found.Dimensions)}; the configuration asks for {WeightEntry.Format(entry.Dimensions)}.");
        }

        bool allowed = entry.IsVector ? found.Type is DType.F32 or DType.F16 or DType.BF16 : found.Type is not DType.I32;
        if (!allowed)
        {
            throw new ModelFormatException(
                source.DisplayName, entry.Name,
                $"the type is {found.Type}; it must be {(entry.IsVector ? "F32, F16 or BF16" : "a float or quantised type")}.");
        }
    }

    private static long[] Shape(WeightRole role, ModelConfig c)
    {
        long q = (long)c.QHeads * c.HeadDim;
        long kv = (long)c.KVHeads * c.HeadDim;
        return role switch
        {
            WeightRole.TokenEmbedding or WeightRole.Output => [c.VocabularySize, c.HiddenSize],
            WeightRole.Q => [q, c.HiddenSize],
            WeightRole.K or WeightRole.V => [kv, c.HiddenSize],
            WeightRole.Qkv => [q + (2 * kv), c.HiddenSize],
            WeightRole.QBias => [q],
            WeightRole.KBias or WeightRole.VBias => [kv],
            WeightRole.QNorm or WeightRole.KNorm => [c.HeadDim],
            WeightRole.AttentionOutput => [c.HiddenSize, q],
            WeightRole.Gate or WeightRole.Up => [c.IntermediateSize, c.HiddenSize],
            WeightRole.GateUp => [2L * c.IntermediateSize, c.HiddenSize],
            WeightRole.Down => [c.HiddenSize, c.IntermediateSize],
            _ => [c.HiddenSize], // the norms of the residual stream
        };
    }
}
