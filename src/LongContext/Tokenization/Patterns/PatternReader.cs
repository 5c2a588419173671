using System.Globalization;

namespace LongContext.Tokenization.Patterns;

/// <summary>Turns the regexes that tokenizers are published with into hand-written matchers.</summary>
/// <remarks>
/// A closed set of forms, each matched exactly as a backtracking engine would, in linear time. Anything else is an error and never a guess.
/// </remarks>
internal static class PatternReader
{
    private const int MaxLength = 4096;
    private const int MaxSingles = 16;
    private const string Lead = @"[^\r\n\p{L}\p{N}]";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string LowerRequired = Lead + "?" + Upper + "*" + Lower + "+";
    private const string UpperRequired = Lead + "?" + Upper + "+" + Lower + "*";

    private static readonly string[] Contractions =
    [
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
        "'(?i:[sdmt]|ll|ve|re)",
    ];

    /// <summary>The matcher of a regex.</summary>
    /// <exception cref="UnsupportedModelException">The regex is not of the known forms.</exception>
    internal static IPattern Read(string regex)
    {
        // Some files write line ends into the pattern as they are, others as escapes.
        string pattern = regex.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        if (pattern.Length is 0 or > MaxLength)
        {
            throw Unknown(regex);
        }

        if (pattern == @"\s+$")
        {
            return new TrailingWhitespacePattern();
        }

        List<string> branches = SplitBranches(pattern);
        RequireLinear(branches, regex);
        return new AlternationPattern([.. branches.Select(branch => ReadBranch(branch) ?? throw Unknown(regex))]);
    }

    /// <summary>Branches that may give up after a long look ahead must have one behind them that takes what they looked at.</summary>
    private static void RequireLinear(List<string> branches, string regex)
    {
        int spaces = branches.FindIndex(b => b is @"\s+" or @"\s+(?!\S)");
        int newlines = branches.FindLastIndex(b => b is @"\s*[\r\n]+" or @"\s*[\r\n]");
        int lower = branches.FindLastIndex(b => b.StartsWith(LowerRequired, StringComparison.Ordinal));
        int upper = branches.FindIndex(b => b.StartsWith(UpperRequired, StringComparison.Ordinal));
        if ((newlines >= 0 && spaces < newlines) || (lower >= 0 && upper < lower))
        {
            throw Unknown(regex);
        }
    }

    private static IAlternative? ReadBranch(string branch) => branch switch
    {
        @"\s+" => new WhitespaceAlternative(WhitespaceKind.All),
        @"\s*[\r\n]+" or @"\s*[\r\n]" => new WhitespaceAlternative(WhitespaceKind.UpToLastNewline),
        @"\s+(?!\S)" => new WhitespaceAlternative(WhitespaceKind.ButOneBeforeText),
        _ when Contractions.Contains(branch) => new Contraction(),
        _ when branch.StartsWith(LowerRequired, StringComparison.Ordinal) => ReadCasedWord(branch[LowerRequired.Length..], CasedWordShape.LowerRequired),
        _ when branch.StartsWith(UpperRequired, StringComparison.Ordinal) => ReadCasedWord(branch[UpperRequired.Length..], CasedWordShape.UpperRequired),
        _ => ReadSequence(branch),
    };

    private static CasedWord? ReadCasedWord(string suffix, CasedWordShape shape)
    {
        bool contraction = suffix.EndsWith('?') && Contractions.Contains(suffix[..^1]);
        return contraction || suffix.Length == 0
            ? new CasedWord(Class(Lead), Class(Upper), Class(Lower), shape, contraction ? new Contraction() : null)
            : null;
    }

    private static ClassSequence? ReadSequence(string branch)
    {
        CharacterClass? optional = null;
        List<CharacterClass> singles = [];
        for (int position = 0; position < branch.Length;)
        {
            bool first = position == 0;
            if (CharacterClassParser.Parse(branch, ref position) is not { } item || !ReadQuantifier(branch, ref position, out int minimum, out int maximum))
            {
                return null;
            }

            bool last = position == branch.Length;
            if ((minimum, maximum) == (1, 1) && !last && singles.Count < MaxSingles)
            {
                singles.Add(item);
            }
            else if ((minimum, maximum) == (0, 1) && first && !last)
            {
                optional = item;
            }
            else
            {
                return minimum is < 1 or > MaxSingles ? null : ReadTail(branch, position, out CharacterClass? tail)
                    ? new ClassSequence(optional, [.. singles], item, minimum, maximum, tail)
                    : null;
            }
        }

        return null;
    }

    private static bool ReadTail(string branch, int position, out CharacterClass? tail)
    {
        tail = null;
        if (position == branch.Length)
        {
            return true;
        }

        tail = CharacterClassParser.Parse(branch, ref position);
        return tail is not null && position == branch.Length - 1 && branch[position] == '*';
    }

    private static bool ReadQuantifier(string branch, ref int position, out int minimum, out int maximum)
    {
        (minimum, maximum) = (1, 1);
        char next = position < branch.Length ? branch[position] : '\0';
        if (next is '?' or '*' or '+')
        {
            (minimum, maximum) = (next == '+' ? 1 : 0, next == '?' ? 1 : int.MaxValue);
            position++;
            return position >= branch.Length || branch[position] is not ('?' or '+'); // lazy and possessive ones are not ours
        }

        if (next != '{')
        {
            return true;
        }

        int close = branch.IndexOf('}', position);
        if (close < 0)
        {
            return false;
        }

        string[] bounds = branch[(position + 1)..close].Split(',');
        position = close + 1;
        bool valid = bounds.Length <= 2 && int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out minimum);
        maximum = minimum;
        if (valid && bounds.Length == 2)
        {
            maximum = int.MaxValue;
            valid = bounds[1].Length == 0 || int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out maximum);
        }

        return valid && maximum >= minimum && maximum > 0 && (position >= branch.Length || branch[position] is not ('?' or '+'));
    }

    private static CharacterClass Class(string notation)
    {
        int position = 0;
        return CharacterClassParser.Parse(notation, ref position)!;
    }

    /// <summary>Cuts a pattern at each <c>|</c> outside of brackets and groups.</summary>
    private static List<string> SplitBranches(string pattern)
    {
        List<string> branches = [];
        int start = 0;
        int groups = 0;
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    inClass = true;
                    break;
                case ']':
                    inClass = false;
                    break;
                case '(' when !inClass:
                    groups++;
                    break;
                case ')' when !inClass:
                    groups--;
                    break;
                case '|' when !inClass && groups == 0:
                    branches.Add(pattern[start..i]);
                    start = i + 1;
                    break;
            }
        }

        branches.Add(pattern[start..]);
        return branches;
    }

    private static UnsupportedModelException Unknown(string regex) => new(
        $"the tokenizer's regex '{(regex.Length > 200 ? regex[..200] + "…" : regex)}'",
        "the patterns of GPT-2, GPT-4, GPT-4o, Llama 3, Qwen, DeepSeek, Falcon, StarCoder, SmolLM and Tekken, and simple character classes");
}
