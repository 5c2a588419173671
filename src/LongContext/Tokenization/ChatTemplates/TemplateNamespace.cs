namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What <c>namespace()</c> makes: variables that loops can change. The only value that changes.</summary>
internal sealed class TemplateNamespace
{
    /// <summary>The variables.</summary>
    internal Dictionary<string, object?> Variables { get; } = new(StringComparer.Ordinal);
}
