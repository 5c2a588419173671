using System.Globalization;
using LongContext.Cli.CommandLine;

namespace LongContext.Cli.Input;

/// <summary>Reads lists of token ids as people write them: <c>1,2,3</c>, <c>1 2 3</c>, <c>[1, 2, 3]</c>.</summary>
internal static class TokenIds
{
    private static readonly char[] Separators = [',', ' ', '\t', '\r', '\n'];

    /// <param name="text">The list.</param>
    /// <param name="source">Where it is from, for messages: "--ids".</param>
    internal static int[] Parse(string text, string source)
    {
        string list = text.Trim();
        list = list.StartsWith('[') && list.EndsWith(']') ? list[1..^1] : list;
        string[] words = list.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        int[] ids = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            ids[i] = int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new UsageException($"{source}: '{Shorten(words[i])}' (number {i + 1} of the list) is not a token id; ids are whole numbers from 0 to {int.MaxValue}.");
        }

        return ids.Length > 0 ? ids : throw new UsageException($"{source}: there are no token ids in it.");
    }

    /// <summary>The ids given by <see cref="Options.Ids"/> or <see cref="Options.IdsFile"/>.</summary>
    internal static int[] Read(Arguments arguments, Option given) => given == Options.Ids
        ? Parse(arguments.RequireText(Options.Ids), Options.Ids.Name)
        : Parse(TextInput.ReadFile(arguments.RequireText(Options.IdsFile)), arguments.RequireText(Options.IdsFile));

    private static string Shorten(string word) => word.Length <= 20 ? word : word[..20] + "...";
}
