namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A macro, or the body of a call block, with the variables it was defined among.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Body">Its body.</param>
/// <param name="Scope">Where it was defined.</param>
internal sealed record MacroValue(string Name, MacroParameter[] Parameters, Statement[] Body, Scope Scope);
