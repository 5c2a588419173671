using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>All tests (<c>value is name</c>) by name.</summary>
internal static class Tests
{
    private static readonly FunctionTable Table = Create();

    /// <summary>A test, or null.</summary>
    internal static TemplateFunction? Find(string name) => Table.GetValueOrDefault(name);

    private static FunctionTable Create()
    {
        FunctionTable table = new();
        table.Add("defined", "", (_, s, _) => s is not Undefined);
        table.Add("undefined", "", (_, s, _) => s is Undefined);
        table.Add("none", "", (_, s, _) => s is null);
        table.Add("boolean", "", (_, s, _) => s is bool);
        table.Add("true", "", (_, s, _) => s is true);
        table.Add("false", "", (_, s, _) => s is false);
        table.Add("integer", "", (_, s, _) => s is long or BigInteger);
        table.Add("float", "", (_, s, _) => s is double);
        table.Add("number", "", (_, s, _) => s is long or double or bool or BigInteger);
        table.Add("string", "", (_, s, _) => s is string);
        table.Add("mapping", "", (_, s, _) => s is TemplateDictionary);
        table.Add("sequence", "", (_, s, _) => s is string or TemplateList or TemplateDictionary);
        table.Add("iterable", "", (_, s, _) => s is string or TemplateList or TemplateDictionary or Undefined);
        table.Add("callable", "", (_, s, _) => s is TemplateFunction or BoundMethod or MacroValue);
        table.Add("escaped", "", (_, _, _) => false);
        table.Add("sameas", "other", (_, s, a) => s is string or long or double or bool ? Equals(s, a[0]) : ReferenceEquals(s, a[0]));
        table.Add("in", "seq", (c, s, a) => Comparisons.Contains(c, a[0], s));
        table.Add("even", "", (c, s, _) => Integer(c, s) % 2 == 0);
        table.Add("odd", "", (c, s, _) => Integer(c, s) % 2 != 0);
        table.Add("divisibleby", "num", (c, s, a) => Operators.Apply(c, "%", Integer(c, s), a.Integer(c, 0, 0)) is 0L);
        table.Add("lower", "", (c, s, _) => HasCase(c, s, char.IsUpper));
        table.Add("upper", "", (c, s, _) => HasCase(c, s, char.IsLower));
        table.Add("filter", "", (_, s, _) => s is string name && Filters.Find(name) is not null);
        table.Add("test", "", (_, s, _) => s is string name && Find(name) is not null);
        foreach ((string name, string op, string[] aliases) in new (string, string, string[])[]
        {
            ("eq", "==", ["equalto"]), ("ne", "!=", []), ("lt", "<", ["lessthan"]), ("le", "<=", []), ("gt", ">", ["greaterthan"]), ("ge", ">=", []),
        })
        {
            table.Add(name, "other", (c, s, a) => Comparisons.Apply(c, op, s, a[0]));
            table.Alias(name, [op, .. aliases]);
        }

        return table;
    }

    private static long Integer(RenderContext context, object? value) => Numbers.TryInteger(value, out long integer)
        ? integer
        : throw context.Fail($"An integer is needed, not {TypeNames.Of(value)}.{Comparisons.Reason(value)}");

    /// <summary>Has letters, and none of the other case.</summary>
    private static bool HasCase(RenderContext context, object? value, Func<char, bool> isOther)
    {
        string text = PythonText.Of(context, value);
        context.Handle(text.Length);
        return text.Any(c => char.IsUpper(c) || char.IsLower(c)) && !text.Any(isOther);
    }
}
