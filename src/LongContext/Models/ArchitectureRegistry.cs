using LongContext.Loading;
using LongContext.Models.Architectures;

namespace LongContext.Models;

/// <summary>The closed table of architectures: names in files choose a row here and nothing else; no type is ever loaded by name.</summary>
internal static class ArchitectureRegistry
{
    /// <summary>All architectures.</summary>
    internal static IReadOnlyList<Architecture> All { get; } =
        [new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Phi3(), new Gemma2(), new Gemma3()];

    /// <summary>Finds the model's architecture and maps and checks its configuration, from headers alone.</summary>
    /// <exception cref="ModelFormatException">A field is missing, out of range or contradicts another.</exception>
    /// <exception cref="UnsupportedModelException">The architecture or one of its options is not implemented.</exception>
    internal static (Architecture Architecture, ModelConfig Config) Read(ModelFiles files)
    {
        if (files.Gguf is { } gguf)
        {
            string name = gguf.RequireString("general.architecture");
            Architecture found = All.FirstOrDefault(a => a.Name == name) ?? throw Unknown($"GGUF architecture '{name}'", a => a.Name);
            ModelConfig config = found.FromGguf(new GgufFields(gguf, name, files.Weights));
            return (found, ConfigChecks.Check(config, gguf.File));
        }

        if (files.Config is { } json)
        {
            Architecture found = Find(json);
            ModelConfig config = found.FromHuggingFace(new HuggingFaceFields(json));
            return (found, ConfigChecks.Check(config, json.File));
        }

        throw new ModelFormatException(files.Path, "", "there is neither a config.json nor GGUF metadata.");
    }

    private static Architecture Find(JsonConfig json)
    {
        string? type = json.GetString("model_type");
        if (json.GetStrings("architectures") is not [{ } name, ..])
        {
            return type is null
                ? throw new ModelFormatException(json.File, "architectures", "the key is missing.")
                : All.FirstOrDefault(a => a.HuggingFaceType == type) ?? throw Unknown($"model_type '{type}'", a => a.HuggingFaceType);
        }

        return All.FirstOrDefault(a => a.HuggingFaceClass == name)
            ?? throw Unknown($"architecture '{name}' (model_type '{type}')", a => a.HuggingFaceClass);
    }

    private static UnsupportedModelException Unknown(string feature, Func<Architecture, string> name) =>
        new(feature, string.Join(", ", All.Select(name)));
}
