namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A macro's parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its default, evaluated at the call; null if there is none.</param>
internal readonly record struct MacroParameter(string Name, Expression? Default);
