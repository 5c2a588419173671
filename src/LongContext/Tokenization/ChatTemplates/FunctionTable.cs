namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Functions by name.</summary>
internal sealed class FunctionTable : Dictionary<string, TemplateFunction>
{
    /// <summary>An empty table.</summary>
    internal FunctionTable()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>Adds a function whose arguments are bound to parameters, named in one text and parted by blanks.</summary>
    internal void Add(string name, string parameters, FunctionBody body) =>
        Add(name, new TemplateFunction(name, parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries), body));

    /// <summary>Adds a function that takes any arguments.</summary>
    internal void AddVariadic(string name, FunctionBody body) => Add(name, new TemplateFunction(name, null, body));

    /// <summary>Gives a function further names.</summary>
    internal void Alias(string name, params ReadOnlySpan<string> aliases)
    {
        foreach (string alias in aliases)
        {
            Add(alias, this[name] with { Name = alias });
        }
    }
}
