namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Variables of a template, a loop round, a macro call or a block, and the scope around them.</summary>
/// <remarks>Assigning never changes a scope further out, as in Jinja. At most <see cref="TemplateLimits.Depth"/> levels and macro calls deep.</remarks>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, object?>? _variables;

    /// <summary>Assigns a variable here.</summary>
    internal void Set(string name, object? value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>Finds a variable here or further out.</summary>
    internal bool TryGet(string name, out object? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables is { } variables && variables.TryGetValue(name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    private Scope? Outer { get; } = outer;
}
