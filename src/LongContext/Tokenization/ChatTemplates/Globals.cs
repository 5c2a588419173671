namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Functions every template can call.</summary>
internal static class Globals
{
    /// <summary>The functions by name.</summary>
    internal static FunctionTable Functions { get; } = Create();

    private static FunctionTable Create()
    {
        FunctionTable table = new();
        table.Add("raise_exception", "message", (c, _, a) => throw c.Fail(PythonText.Of(c, a[0])));
        table.Add("strftime_now", "format", (c, _, a) => TimeFormat.Of(c, c.Now, a.Text(c, 0)));
        table.AddVariadic("range", Range);
        table.AddVariadic("namespace", (c, _, a) =>
        {
            TemplateNamespace ns = new();
            foreach ((object? key, object? value) in Merge(c, a).Items)
            {
                ns.Variables[key as string ?? throw c.Fail("A namespace's variables need names.")] = value;
            }

            return ns;
        });
        table.AddVariadic("dict", (c, _, a) => Merge(c, a));
        return table;
    }

    private static TemplateDictionary Merge(RenderContext context, Arguments arguments)
    {
        List<KeyValuePair<object?, object?>> items = [];
        if (arguments.Count > 1)
        {
            throw context.Fail("At most one dictionary or list of pairs is expected.");
        }

        if (arguments.Count == 1 && arguments[0] is TemplateDictionary dictionary)
        {
            context.Step(dictionary.Count);
            items.AddRange(dictionary.Items);
        }
        else if (arguments.Count == 1)
        {
            foreach (object? pair in Access.Iterate(context, arguments[0]))
            {
                items.Add(Access.Iterate(context, pair) is [var key, var value]
                    ? KeyValuePair.Create(key, value)
                    : throw context.Fail("A dictionary is made of pairs."));
            }
        }

        items.AddRange(arguments.Named.Select(item => KeyValuePair.Create((object?)item.Name, item.Value)));
        return new TemplateDictionary(context, items);
    }

    private static object? Range(RenderContext context, object? subject, Arguments arguments)
    {
        if (arguments.Count is < 1 or > 3 || arguments.Named.Count > 0)
        {
            throw context.Fail("'range' takes one to three integers.");
        }

        Int128 start = arguments.Count == 1 ? 0 : arguments.Integer(context, 0, 0);
        Int128 stop = arguments.Integer(context, arguments.Count == 1 ? 0 : 1, 0);
        Int128 step = arguments.Integer(context, 2, 1);
        if (step == 0)
        {
            throw context.Fail("The step of 'range' is 0.");
        }

        Int128 span = step > 0 ? stop - start : start - stop;
        Int128 count = span <= 0 ? 0 : ((span - 1) / Int128.Abs(step)) + 1;
        context.Step((long)Int128.Min(count, long.MaxValue));
        object?[] items = new object?[(int)count];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = (long)(start + (step * i));
        }

        return new TemplateList(context, items);
    }
}
