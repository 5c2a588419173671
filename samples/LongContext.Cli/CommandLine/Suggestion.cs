namespace LongContext.Cli.CommandLine;

/// <summary>Says what was probably meant by an unknown word.</summary>
internal static class Suggestion
{
    internal static string ForOption(string name, Command command)
    {
        string? close = Closest(name, command.Options.Select(o => o.Name));
        return close is null
            ? $"'{command.Name}' has no option {name}. '{command.Name} --help' lists its options."
            : $"'{command.Name}' has no option {name}. Did you mean {close}?";
    }

    internal static string ForCommand(string name, IEnumerable<string> names)
    {
        string? close = Closest(name, names);
        return close is null ? $"There is no command '{name}'. '--help' lists the commands." : $"There is no command '{name}'. Did you mean '{close}'?";
    }

    private static string? Closest(string word, IEnumerable<string> candidates)
    {
        (string? best, int distance) = candidates.Select(c => ((string?)c, Distance(word, c))).MinBy(x => x.Item2);
        return distance <= Math.Max(2, word.Length / 3) ? best : null;
    }

    /// <summary>Single-character edits between two words (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
