using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Models.Rotary;

namespace LongContext;

/// <summary>A short text that differs where models differ in what their headers say: sizes, scales, rotary frequencies, and the tensors' names, types and shapes.</summary>
/// <remarks>The weights themselves are not read. The same for every culture and host.</remarks>
internal static class ModelHash
{
    private const int Digits = 16;

    /// <summary>Of a model, read with a context of so many tokens.</summary>
    internal static string Of(ModelFiles files, int contextLength)
    {
        StringBuilder text = new();
        ModelConfig c = CausalLM.ReadConfig(files);
        Add(text, c.Architecture, c.Layers, c.HiddenSize, c.IntermediateSize, c.QHeads, c.KVHeads, c.HeadDim, c.VocabularySize, c.MaxContextLength);
        Add(text, c.RmsNormEpsilon, c.AttentionScale, c.AttentionSoftCap, c.LogitSoftCap, c.EmbeddingScale, c.NormOffset);
        Add(text, c.Activation, c.TieWordEmbeddings, c.RotaryLayout);
        Add(text, [.. c.LayerWindows.Cast<object>()]);
        Add(text, c.Rotary, contextLength);
        Add(text, c.LocalRotary, contextLength);
        foreach ((string name, WeightInfo info) in files.Weights?.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, WeightInfo>>())
        {
            Add(text, name, info.Type, info.ByteCount);
            Add(text, [.. info.Dimensions.Cast<object>()]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..Digits];
    }

    private static void Add(StringBuilder text, RotaryParameters? rotary, int contextLength)
    {
        Add(text, rotary?.Dimensions ?? 0, rotary?.Scaling.AttentionFactor ?? 0);
        foreach (double frequency in rotary?.Scaling.InverseFrequencies(rotary.Theta, rotary.Dimensions, contextLength) ?? [])
        {
            text.Append(frequency.ToString("G6", CultureInfo.InvariantCulture)).Append(' '); // powers differ in their last bits from host to host
        }
    }

    private static void Add(StringBuilder text, params ReadOnlySpan<object> values)
    {
        foreach (object value in values)
        {
            text.Append(Convert.ToString(value, CultureInfo.InvariantCulture)).Append(' ');
        }

        text.Append('\n');
    }
}
