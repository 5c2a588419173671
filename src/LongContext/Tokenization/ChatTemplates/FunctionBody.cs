namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a filter, test, method or global function does.</summary>
/// <param name="context">Budgets and errors of the rendering.</param>
/// <param name="subject">The value filtered or tested, or the method's object; null for a global function.</param>
/// <param name="arguments">Its arguments.</param>
internal delegate object? FunctionBody(RenderContext context, object? subject, Arguments arguments);
