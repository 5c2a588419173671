using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Tokenization.Normalizers;

/// <summary>NFC, NFD, NFKC and NFKD, in time linear in the text whatever its combining marks.</summary>
internal sealed class UnicodeNormalizer(UnicodeForm form) : INormalizer
{
    private const int FirstCombining = 0x300;
    private const int FirstDecomposing = 0xA0;
    private const int InsertionSortLimit = 24;

    private bool Composes => form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    /// <inheritdoc/>
    public string Normalize(string text)
    {
        int first = text.AsSpan().IndexOfAnyExceptInRange('\0', (char)((form == UnicodeForm.Nfc ? FirstCombining : FirstDecomposing) - 1));
        if (first < 0)
        {
            return text;
        }

        NormalizationTables tables = NormalizationTables.Instance;
        int start = Math.Max(0, first - 1); // the character before may be the base of a mark
        StringBuilder output = new(text.Length);
        output.Append(text, 0, start);
        List<int> pending = [];
        List<byte> classes = [];
        for (int i = start; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int length);
            i += length;
            if (tables.IsBoundary(rune.Value))
            {
                Flush(tables, pending, classes, output);
                pending.Add(rune.Value);
            }
            else
            {
                if (NormalizationTables.IsHangul(rune.Value))
                {
                    Flush(tables, pending, classes, output);
                }

                tables.Decompose(rune.Value, form, pending);
            }
        }

        Flush(tables, pending, classes, output);
        return output.ToString();
    }

    private void Flush(NormalizationTables tables, List<int> pending, List<byte> classes, StringBuilder output)
    {
        if (pending.Count > 1)
        {
            classes.Clear();
            foreach (int codePoint in pending)
            {
                classes.Add(tables.ClassOf(codePoint));
            }

            Span<int> points = CollectionsMarshal.AsSpan(pending);
            Span<byte> order = CollectionsMarshal.AsSpan(classes);
            Reorder(points, order);
            int count = Composes ? Compose(tables, points, order) : points.Length;
            foreach (int codePoint in points[..count])
            {
                Append(codePoint, output);
            }
        }
        else if (pending.Count == 1)
        {
            Append(pending[0], output);
        }

        pending.Clear();
    }

    private static void Append(int codePoint, StringBuilder output)
    {
        if (codePoint < 0x10000)
        {
            output.Append((char)codePoint);
        }
        else
        {
            output.Append(new Rune(codePoint).ToString());
        }
    }

    /// <summary>Sorts every run of marks by combining class, stably.</summary>
    private static void Reorder(Span<int> points, Span<byte> classes)
    {
        for (int i = 0; i < points.Length;)
        {
            if (classes[i] == 0)
            {
                i++;
                continue;
            }

            int end = i;
            while (end < points.Length && classes[end] != 0)
            {
                end++;
            }

            if (end - i <= InsertionSortLimit)
            {
                InsertionSort(points[i..end], classes[i..end]);
            }
            else
            {
                CountingSort(points[i..end], classes[i..end]);
            }

            i = end;
        }
    }

    private static void InsertionSort(Span<int> points, Span<byte> classes)
    {
        for (int i = 1; i < points.Length; i++)
        {
            (int point, byte order) = (points[i], classes[i]);
            int j = i;
            for (; j > 0 && classes[j - 1] > order; j--)
            {
                points[j] = points[j - 1];
                classes[j] = classes[j - 1];
            }

            points[j] = point;
            classes[j] = order;
        }
    }

    private static void CountingSort(Span<int> points, Span<byte> classes)
    {
        int[] next = new int[257];
        foreach (byte order in classes)
        {
            next[order + 1]++;
        }

        for (int i = 1; i < next.Length; i++)
        {
            next[i] += next[i - 1];
        }

        (int[] oldPoints, byte[] oldClasses) = (points.ToArray(), classes.ToArray());
        for (int i = 0; i < oldPoints.Length; i++)
        {
            int to = next[oldClasses[i]]++;
            points[to] = oldPoints[i];
            classes[to] = oldClasses[i];
        }
    }

    /// <summary>Joins starters with the marks and starters after them that nothing blocks; returns how many code points are left.</summary>
    private static int Compose(NormalizationTables tables, Span<int> points, ReadOnlySpan<byte> classes)
    {
        int starter = -1;
        int kept = 0;
        byte last = 0;
        for (int i = 0; i < points.Length; i++)
        {
            if (starter >= 0 && (kept - 1 == starter || last < classes[i]))
            {
                int composite = tables.Compose(points[starter], points[i]);
                if (composite >= 0)
                {
                    points[starter] = composite;
                    continue;
                }
            }

            if (classes[i] == 0)
            {
                starter = kept;
            }

            last = classes[i];
            points[kept++] = points[i];
        }

        return kept;
    }
}
