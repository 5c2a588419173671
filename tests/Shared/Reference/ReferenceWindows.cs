using System.Text.Json;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Which layers slide, as each model's configuration class says.</summary>
internal static class ReferenceWindows
{
    /// <summary>The window of a layer in tokens; 0 for none.</summary>
    internal static int Of(ReferenceModel m, int layer)
    {
        int window = m.Find("sliding_window")?.GetInt32() ?? 0;
        if (m.Find("layer_types") is { } types)
        {
            return types[layer].GetString() == "sliding_attention" ? window : 0;
        }

        bool slides = m.ModelType switch
        {
            "mistral" or "phi3" => true,
            "qwen2" or "qwen3" => (m.Find("use_sliding_window")?.GetBoolean() ?? false) && layer >= m.Integer("max_window_layers"),
            "gemma2" => layer % 2 == 0,
            "gemma3_text" => (layer + 1) % (m.Find("sliding_window_pattern")?.GetInt32() ?? 6) != 0,
            _ => false,
        };
        return slides ? window : 0;
    }
}
