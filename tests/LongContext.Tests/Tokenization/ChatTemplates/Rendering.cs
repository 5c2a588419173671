using System.Text.Json;
using LongContext.Tokenization.ChatTemplates;

namespace LongContext.Tests.Tokenization.ChatTemplates;

/// <summary>Renders a template with JSON variables.</summary>
internal static class Rendering
{
    internal static string Render(string template, string variables = "{}")
    {
        using JsonDocument document = JsonDocument.Parse(variables);
        return ChatTemplate.Parse(template).Render(ChatTemplateInput.FromJson(document.RootElement) with { TimeProvider = FixedTime.Golden });
    }
}
