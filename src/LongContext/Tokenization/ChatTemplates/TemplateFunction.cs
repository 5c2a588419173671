namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A filter, test, method or global function.</summary>
/// <param name="Name">Its name in templates.</param>
/// <param name="Parameters">Names of its parameters, which the call's arguments are bound to; null if it takes any arguments as they come.</param>
/// <param name="Body">What it does.</param>
internal sealed record TemplateFunction(string Name, string[]? Parameters, FunctionBody Body)
{
    /// <summary>Calls it.</summary>
    internal object? Invoke(RenderContext context, object? subject, Arguments arguments) =>
        Body(context, subject, Parameters is null ? arguments : arguments.Bind(context, Name, Parameters));
}
