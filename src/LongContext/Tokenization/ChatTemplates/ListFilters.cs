namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Filters over what can be iterated. Where Python would give a generator, these give a list.</summary>
internal static class ListFilters
{
    /// <summary>The filters.</summary>
    internal static FunctionTable Create()
    {
        FunctionTable table = new();
        table.Add("length", "", (c, s, _) => Length(c, s));
        table.Add("list", "", (c, s, _) => Access.ListOf(c, s));
        table.Add("first", "", (c, s, _) => Access.Iterate(c, s) is [var first, ..] ? first : new Undefined("There is no first item in an empty list."));
        table.Add("last", "", (c, s, _) => Access.Iterate(c, s) is [.., var last] ? last : new Undefined("There is no last item in an empty list."));
        table.Add("join", "d attribute", Join);
        table.Add("reverse", "", (c, s, _) => s is string ? Access.Slice(c, s, null, null, -1L) : new TemplateList(c, [.. Access.Iterate(c, s).Reverse()]));
        table.Add("sort", "reverse case_sensitive attribute", Sort);
        table.Add("unique", "case_sensitive attribute", Unique);
        table.Add("groupby", "attribute default case_sensitive", GroupBy);
        table.Add("min", "case_sensitive attribute", (c, s, a) => Extreme(c, s, a, -1));
        table.Add("max", "case_sensitive attribute", (c, s, a) => Extreme(c, s, a, 1));
        table.Add("sum", "attribute start", Sum);
        table.Add("batch", "linecount fill_with", Batch);
        table.Add("slice", "slices fill_with", Slice);
        table.Add("items", "", (c, s, _) => s is Undefined ? new TemplateList(c, []) : Items(c, Dictionary(c, s)));
        table.Add("dictsort", "case_sensitive by reverse", DictionarySort);
        table.AddVariadic("map", Map);
        table.AddVariadic("select", (c, s, a) => Select(c, s, a, 0, keeps: true));
        table.AddVariadic("reject", (c, s, a) => Select(c, s, a, 0, keeps: false));
        table.AddVariadic("selectattr", (c, s, a) => Select(c, s, a, 1, keeps: true));
        table.AddVariadic("rejectattr", (c, s, a) => Select(c, s, a, 1, keeps: false));
        table.Alias("length", "count");
        return table;
    }

    /// <summary>A dictionary's items as a list of tuples.</summary>
    internal static TemplateList Items(RenderContext context, TemplateDictionary dictionary)
    {
        context.Step(dictionary.Count);
        return new(context, [.. dictionary.Items.Select(item => (object?)new TemplateList(context, [item.Key, item.Value], isTuple: true))]);
    }

    private static object? Length(RenderContext context, object? subject) => subject switch
    {
        string text => (long)CodePoints.Length(context, text),
        TemplateList list => (long)list.Items.Count,
        TemplateDictionary dictionary => (long)dictionary.Count,
        Undefined => 0L,
        _ => throw context.Fail($"{TypeNames.Of(subject)} has no length."),
    };

    private static TemplateDictionary Dictionary(RenderContext context, object? subject) =>
        subject as TemplateDictionary ?? throw context.Fail($"A dictionary is needed, not {TypeNames.Of(subject)}.{Comparisons.Reason(subject)}");

    private static object? Attribute(RenderContext context, object? item, object? attribute) =>
        attribute is null ? item : Access.Path(context, item, attribute);

    /// <summary>What items are compared by: an attribute, texts without regard to case unless asked for.</summary>
    private static object? Key(RenderContext context, object? item, object? attribute, bool caseSensitive)
    {
        object? key = Attribute(context, item, attribute);
        if (key is not string text || caseSensitive)
        {
            return key;
        }

        context.Handle(text.Length);
        return text.ToLowerInvariant();
    }

    private static object? Join(RenderContext context, object? subject, Arguments arguments)
    {
        string separator = PythonText.Of(context, arguments[0]);
        TextSink sink = new(context);
        IReadOnlyList<object?> items = Access.Iterate(context, subject);
        for (int i = 0; i < items.Count; i++)
        {
            context.Step();
            sink.Append(i > 0 ? separator : "").Append(PythonText.Of(context, Attribute(context, items[i], arguments.OrNone(1))));
        }

        return sink.ToString();
    }

    private static TemplateList Sorted(
        RenderContext context, IReadOnlyList<object?> items, Func<object?, object?> key, bool descending)
    {
        context.Step(items.Count);
        Comparer<object?> order = Comparer<object?>.Create((x, y) => Comparisons.Compare(context, x, y));
        try
        {
            return new(context, [.. descending ? items.OrderByDescending(key, order) : items.OrderBy(key, order)]);
        }
        catch (InvalidOperationException e)
        {
            throw e.InnerException as ChatTemplateException ?? context.Fail("The items have no consistent order.", e);
        }
    }

    private static object? Sort(RenderContext context, object? subject, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag(1, false);
        return Sorted(
            context, Access.Iterate(context, subject), item => Key(context, item, arguments.OrNone(2), caseSensitive), arguments.Flag(0, false));
    }

    private static object? DictionarySort(RenderContext context, object? subject, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag(0, false);
        string by = arguments.Text(context, 1, "key");
        long index = by == "key" ? 0 : by == "value" ? 1 : throw context.Fail("'dictsort' sorts by 'key' or 'value'.");
        return Sorted(
            context, Items(context, Dictionary(context, subject)).Items, item => Key(context, item, index, caseSensitive), arguments.Flag(2, false));
    }

    private static object? Unique(RenderContext context, object? subject, Arguments arguments)
    {
        HashSet<DictionaryKey> seen = [];
        List<object?> kept = [];
        foreach (object? item in Access.Iterate(context, subject))
        {
            context.Step();
            if (seen.Add(DictionaryKey.Of(context, Key(context, item, arguments.OrNone(1), arguments.Flag(0, false)))))
            {
                kept.Add(item);
            }
        }

        return new TemplateList(context, kept);
    }

    private static object? GroupBy(RenderContext context, object? subject, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag(2, false);
        object? KeyOf(object? item)
        {
            object? key = Key(context, item, arguments[0], caseSensitive);
            return key is Undefined ? arguments[1] : key;
        }

        List<(object? Key, List<object?> Items)> groups = [];
        foreach (object? item in Sorted(context, Access.Iterate(context, subject), KeyOf, descending: false).Items)
        {
            object? key = KeyOf(item);
            if (groups.Count == 0 || !Comparisons.AreEqual(context, KeyOf(groups[^1].Items[0]), key))
            {
                object? shown = Attribute(context, item, arguments[0]);
                groups.Add((shown is Undefined ? arguments[1] : shown, []));
            }

            groups[^1].Items.Add(item);
        }

        return new TemplateList(
            context,
            groups.ConvertAll(group => (object?)new TemplateList(context, [group.Key, new TemplateList(context, group.Items)], isTuple: true)));
    }

    private static object? Extreme(RenderContext context, object? subject, Arguments arguments, int sign)
    {
        object? best = new Undefined("There is no least or greatest item in an empty list.");
        object? bestKey = null;
        foreach (object? item in Access.Iterate(context, subject))
        {
            object? key = Key(context, item, arguments.OrNone(1), arguments.Flag(0, false));
            if (best is Undefined || Comparisons.Compare(context, key, bestKey) * sign > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best;
    }

    private static object? Sum(RenderContext context, object? subject, Arguments arguments)
    {
        object? sum = arguments.Has(1) ? arguments[1] : 0L;
        foreach (object? item in Access.Iterate(context, subject))
        {
            context.Step();
            sum = Operators.Apply(context, "+", sum, Attribute(context, item, arguments.OrNone(0)));
        }

        return sum;
    }

    private static object? Batch(RenderContext context, object? subject, Arguments arguments)
    {
        long size = arguments.Integer(context, 0, 0);
        if (size is < 1 or > TemplateLimits.Steps)
        {
            throw context.Fail($"'batch' needs a size of 1 to {TemplateLimits.Steps}.");
        }

        List<object?> batches = [];
        foreach (object?[] batch in Access.Iterate(context, subject).Chunk((int)size))
        {
            object?[] filled = batch;
            if (arguments.OrNone(1) is { } fill && batch.Length < size)
            {
                context.Step(size);
                filled = [.. batch, .. Enumerable.Repeat(fill, (int)size - batch.Length)];
            }

            batches.Add(new TemplateList(context, filled));
        }

        return new TemplateList(context, batches);
    }

    private static object? Slice(RenderContext context, object? subject, Arguments arguments)
    {
        IReadOnlyList<object?> items = Access.Iterate(context, subject);
        long count = arguments.Integer(context, 0, 0);
        if (count < 1)
        {
            throw context.Fail("'slice' needs at least 1 slice.");
        }

        context.Step(count);
        List<object?> slices = [];
        long start = 0;
        for (long i = 0; i < count; i++)
        {
            long length = (items.Count / count) + (i < items.Count % count ? 1 : 0);
            List<object?> slice = [.. items.Skip((int)start).Take((int)length)];
            if (arguments.OrNone(1) is { } fill && items.Count % count != 0 && i >= items.Count % count)
            {
                slice.Add(fill);
            }

            start += length;
            slices.Add(new TemplateList(context, slice));
        }

        return new TemplateList(context, slices);
    }

    private static object? Map(RenderContext context, object? subject, Arguments arguments)
    {
        Func<object?, object?> change;
        if (arguments.Count == 0)
        {
            Arguments bound = arguments.Bind(context, "map", ["attribute", "default"]);
            object? attribute = bound.Has(0) ? bound[0] : throw context.Fail("'map' needs a filter or an attribute.");
            change = item =>
            {
                object? value = Access.Path(context, item, attribute);
                return value is Undefined && bound.Has(1) ? bound[1] : value;
            };
        }
        else
        {
            string name = arguments.Text(context, 0);
            TemplateFunction filter = Filters.Find(name) ?? throw context.Fail($"There is no filter '{name}'.");
            Arguments rest = arguments.Skip(1);
            change = item => filter.Invoke(context, item, rest);
        }

        List<object?> result = [];
        foreach (object? item in Access.Iterate(context, subject))
        {
            context.Step();
            result.Add(change(item));
        }

        return new TemplateList(context, result);
    }

    /// <summary>Keeps or drops the items that pass a test; without one, those that are true.</summary>
    private static object? Select(RenderContext context, object? subject, Arguments arguments, int testAt, bool keeps)
    {
        object? attribute = testAt == 0 ? null
            : arguments.Count > 0 ? arguments[0]
            : throw context.Fail("'selectattr' and 'rejectattr' need an attribute.");
        TemplateFunction? test = null;
        Arguments rest = Arguments.None;
        if (arguments.Count > testAt)
        {
            string name = arguments.Text(context, testAt);
            test = Tests.Find(name) ?? throw context.Fail($"There is no test '{name}'.");
            rest = arguments.Skip(testAt + 1);
        }

        List<object?> kept = [];
        foreach (object? item in Access.Iterate(context, subject))
        {
            context.Step();
            object? value = Attribute(context, item, attribute);
            if (Truth.Of(test is null ? value : test.Invoke(context, value, rest)) == keeps)
            {
                kept.Add(item);
            }
        }

        return new TemplateList(context, kept);
    }
}
