namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Finds a text in a text in linear time, whatever the two hold.</summary>
internal static class TextSearch
{
    private const int ShortPart = 16; // the framework's search compares at most this many characters per place

    /// <summary>The first place at or after <paramref name="start"/>, or −1. An empty part is found at once.</summary>
    internal static int IndexOf(RenderContext context, string text, string part, int start)
    {
        if (part.Length <= ShortPart)
        {
            int found = text.IndexOf(part, start, StringComparison.Ordinal);
            context.Search((found < 0 ? text.Length : found + part.Length) - start);
            return found;
        }

        if (part.Length > text.Length - start)
        {
            return -1;
        }

        int first = text.IndexOf(part[..ShortPart], start, StringComparison.Ordinal);
        context.Search((first < 0 ? text.Length : first + ShortPart) - start);
        return first < 0 ? -1 : IndexOfLong(context, text, part, first);
    }

    /// <summary>The last place, or −1.</summary>
    internal static int LastIndexOf(RenderContext context, string text, string part)
    {
        int last = -1;
        for (int at = IndexOf(context, text, part, 0); at >= 0; at = at < text.Length ? IndexOf(context, text, part, at + 1) : -1)
        {
            context.Step();
            last = at;
        }

        return last;
    }

    /// <summary>The places of a part that do not overlap, at most <paramref name="limit"/> of them.</summary>
    internal static List<int> All(RenderContext context, string text, string part, long limit)
    {
        List<int> places = [];
        int at = -part.Length;
        while (places.Count < limit && (at = IndexOf(context, text, part, at + part.Length)) >= 0)
        {
            context.Step();
            places.Add(at);
        }

        return places;
    }

    /// <summary>Knuth, Morris and Pratt: never goes back in the text.</summary>
    private static int IndexOfLong(RenderContext context, string text, string part, int start)
    {
        context.Handle(part.Length);
        int[] borders = new int[part.Length + 1];
        borders[0] = -1;
        for (int i = 0, border = -1; i < part.Length; borders[++i] = ++border)
        {
            while (border >= 0 && part[i] != part[border])
            {
                border = borders[border];
            }
        }

        int matched = 0;
        for (int i = start; i < text.Length; i++)
        {
            while (matched >= 0 && text[i] != part[matched])
            {
                matched = borders[matched];
            }

            if (++matched == part.Length)
            {
                context.Handle(i - start);
                return i + 1 - part.Length;
            }
        }

        context.Handle(text.Length - start);
        return -1;
    }
}
