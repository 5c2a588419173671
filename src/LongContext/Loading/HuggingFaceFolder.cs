using System.Text.Json;

namespace LongContext.Loading;

/// <summary>Opens a Hugging Face model folder. Knows file names, not what the configuration means.</summary>
internal sealed class HuggingFaceFolder
{
    /// <summary>The file that makes a folder a model.</summary>
    internal const string ConfigFile = "config.json";

    private const string TemplateKey = "chat_template";

    private readonly string _folder;
    private readonly FolderBoundary _boundary;

    private HuggingFaceFolder(string folder, FolderBoundary boundary) => (_folder, _boundary) = (folder, boundary);

    /// <summary>Opens <paramref name="folder"/>.</summary>
    internal static ModelFiles Open(string folder, FolderBoundary boundary) => new HuggingFaceFolder(folder, boundary).Open();

    private ModelFiles Open()
    {
        JsonConfig config = ReadConfig(ConfigFile)!;
        JsonConfig? tokenizerConfig = ReadConfig("tokenizer_config.json");
        return new ModelFiles
        {
            Path = _folder,
            Config = config,
            GenerationConfig = ReadConfig("generation_config.json"),
            TokenizerConfig = tokenizerConfig,
            TokenizerJsonPath = Find("tokenizer.json"),
            ChatTemplate = Find("chat_template.jinja") is { } path ? JsonFile.ReadText(path) : TemplateOf(tokenizerConfig),
            Weights = SafetensorsModel.Open(_folder, _boundary), // last: nothing that can fail follows
        };
    }

    private JsonConfig? ReadConfig(string name) => Find(name) is { } path ? JsonFile.Read(path) : null;

    private string? Find(string name)
    {
        string path = Path.Combine(_folder, name);
        if (!Path.Exists(path))
        {
            return null;
        }

        _boundary.Require(path);
        return path;
    }

    // A text, or a list of {name, template} of which "default" is for ordinary conversations.
    private static string? TemplateOf(JsonConfig? config)
    {
        if (config is null || !config.Contains(TemplateKey) || config.Root.GetProperty(TemplateKey).ValueKind != JsonValueKind.Array)
        {
            return config?.GetString(TemplateKey);
        }

        List<JsonConfig> templates = [];
        foreach (JsonElement element in config.Root.GetProperty(TemplateKey).EnumerateArray())
        {
            templates.Add(element.ValueKind == JsonValueKind.Object
                ? new JsonConfig($"{config.File}/{TemplateKey}", element)
                : throw new ModelFormatException(config.File, TemplateKey, $"a list of objects is needed, found {element.ValueKind}."));
        }

        JsonConfig? chosen = templates.Find(t => t.GetString("name") == "default") ?? templates.FirstOrDefault();
        return chosen?.RequireString("template");
    }
}
