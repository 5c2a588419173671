using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>Writes the models of <see cref="GoldenVariants"/>. Both forms hold the same numbers.</summary>
internal static class GoldenVariantFiles
{
    internal static void WriteGguf(string path, GoldenVariant variant, DType type, ulong seed)
    {
        GgufWriter writer = GoldenGguf.Keys(variant.Shape, type, seed);
        (variant.Keys ?? throw new ArgumentException($"{variant.Shape.Name} cannot be told in GGUF.", nameof(variant)))(writer);
        GoldenGguf.Tokenizer(writer, new GoldenTokenizer(variant.Shape.Vocabulary), "qwen2");
        foreach ((GoldenTensor tensor, _) in variant.Tensors)
        {
            GoldenGguf.Add(writer, tensor.Kind == GoldenKind.ShiftedNorm ? tensor with { Kind = GoldenKind.Norm } : tensor, type, seed);
        }

        writer.Write(path);
    }

    internal static void WriteFolder(string folder, GoldenVariant variant, DType type, ulong seed)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter writer = new();
        foreach ((GoldenTensor tensor, string? name) in variant.Tensors)
        {
            if (name is not null)
            {
                GoldenFolder.Add(writer, name, tensor, type, seed, sourceRow: null);
            }
        }

        writer.Write(Path.Combine(folder, "model.safetensors"));
        GoldenTokenizer tokenizer = new(variant.Shape.Vocabulary);
        OrderedDictionary<string, object?> config = GoldenFolder.Config(variant.Shape, type, tokenizer);
        foreach ((string key, object? value) in variant.Config)
        {
            if (value is null)
            {
                config.Remove(key);
            }
            else
            {
                config[key] = value;
            }
        }

        GoldenFolder.WriteJson(folder, "config.json", config);
        GoldenFolder.WriteTokenizer(folder, tokenizer, variant.Shape.Context);
    }
}
