namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Python's <c>'{} {0} {name}'.format(…)</c>, without attributes, subscripts and format specifications.</summary>
internal static class BraceFormat
{
    /// <summary>The format with the arguments put in.</summary>
    internal static string Of(RenderContext context, string format, Arguments arguments)
    {
        TextSink sink = new(context);
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            int brace = format.AsSpan(i).IndexOfAny('{', '}');
            sink.Append(brace < 0 ? format.AsSpan(i) : format.AsSpan(i, brace));
            if (brace < 0)
            {
                break;
            }

            i += brace;
            context.Step();
            if (i + 1 < format.Length && format[i + 1] == format[i])
            {
                sink.Append(format[i++]);
                continue;
            }

            int end = format[i] == '{' ? format.IndexOf('}', i) : -1;
            if (end < 0)
            {
                throw context.Fail($"A format has a single '{format[i]}'; write it twice to mean the character.");
            }

            sink.Append(PythonText.Of(context, Value(context, format[(i + 1)..end], arguments, ref next)));
            i = end;
        }

        return sink.ToString();
    }

    private static object? Value(RenderContext context, string field, Arguments arguments, ref int next)
    {
        long index = field.Length == 0 ? next++ : -1;
        if (index >= 0 || Numbers.TryParse(field, 10, out index))
        {
            return index >= 0 && index < arguments.Count ? arguments[(int)index] : throw context.Fail($"The format needs an argument {index}.");
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            if (name == field)
            {
                return value;
            }
        }

        throw context.Fail(
            $"The format's field '{(field.Length > 40 ? field[..40] : field)}' is no argument's number or name; format specifications are not supported, use '%'.");
    }
}
