namespace LongContext.Tokenization.ChatTemplates;

/// <summary>All filters by name.</summary>
internal static class Filters
{
    private static readonly FunctionTable[] Tables = [TextFilters.Create(), ListFilters.Create(), ValueFilters.Create()];

    /// <summary>A filter, or null.</summary>
    internal static TemplateFunction? Find(string name)
    {
        foreach (FunctionTable table in Tables)
        {
            if (table.TryGetValue(name, out TemplateFunction? function))
            {
                return function;
            }
        }

        return null;
    }
}
