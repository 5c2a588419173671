namespace LongContext.Tokenization.ChatTemplates;

/// <summary>An argument as written.</summary>
/// <param name="Name">Its name, or null if it goes by position.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct CallArgument(string? Name, Expression Value);
