namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A method and the value it was taken from.</summary>
/// <param name="Subject">The value.</param>
/// <param name="Function">The method.</param>
internal sealed record BoundMethod(object Subject, TemplateFunction Function);
