using System.Globalization;

namespace LongContext.Accuracy;

/// <summary>What to run, from the command line.</summary>
internal sealed record Settings
{
    internal const string Usage =
        """
        LongContext.Accuracy MODEL --sets DIR [options]     how many questions each attention method answers right

          --sets DIR          a folder of test sets: ctxN.jsonl, stagedN.jsonl, ... (a line: context and queries as token ids)
          --set NAME          which of them (default staged)
          --lengths 4096,...  which N (default 4096,8192,16384,32768)
          --methods a,b,...   full, star, heads, query, recent, random, none, no-anchor, no-query (default: all; heads and what it ablates need --heads)
          --heads FILE        retaining heads
          --hosts N           blocks (default 8)
          --anchor N          l_a (default: the papers')
          --passing N         l_p (default: a 32nd of the length)
          --layout LAYOUT     the anchor: query-first (default) or released
          --contexts N        contexts of each set (default: all)
          --queries N         questions of each kind asked of a context (default: all)
          --threads N         (default 0: all cores)
          --svg FILE          a chart beside the table

        LongContext.Accuracy MODEL --write-training FILE --book TEXT [--contexts N] [--lengths N] [--seed S]
                              contexts in needle-3l's language for 'LongContext.Cli train-retaining-heads' (default 100 of 2048 tokens)
        """;

    internal required string Model { get; init; }

    internal required string Sets { get; init; }

    internal string Set { get; init; } = "staged";

    internal int[] Lengths { get; init; } = [4_096, 8_192, 16_384, 32_768];

    internal string[] Methods { get; init; } = MethodCase.Names;

    internal string? Heads { get; init; }

    internal int Hosts { get; init; } = 8;

    internal int? Anchor { get; init; }

    internal int? Passing { get; init; }

    internal AnchorLayout Layout { get; init; }

    internal int Contexts { get; init; } = int.MaxValue;

    internal int Queries { get; init; } = int.MaxValue;

    internal int Threads { get; init; }

    internal string? Svg { get; init; }

    /// <summary>Where contexts to train on are written; null: the methods are run.</summary>
    internal string? Training { get; init; }

    internal string? Book { get; init; }

    internal int Seed { get; init; }

    /// <exception cref="FormatException">Something is missing or unknown.</exception>
    internal static Settings Parse(ReadOnlySpan<string> args)
    {
        if (args.Length < 1 || args.Length % 2 == 0)
        {
            throw new FormatException("A model, then options with a value each.");
        }

        Settings settings = new() { Model = args[0], Sets = "" };
        for (int i = 1; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            settings = args[i] switch
            {
                "--sets" => settings with { Sets = value },
                "--set" => settings with { Set = value },
                "--lengths" => settings with { Lengths = [.. value.Split(',').Select(Number)] },
                "--methods" => settings with { Methods = value.Split(',') },
                "--heads" => settings with { Heads = value },
                "--hosts" => settings with { Hosts = Number(value) },
                "--anchor" => settings with { Anchor = Number(value) },
                "--passing" => settings with { Passing = Number(value) },
                "--layout" => settings with { Layout = value == "released" ? AnchorLayout.Released : AnchorLayout.QueryFirst },
                "--contexts" => settings with { Contexts = Number(value) },
                "--queries" => settings with { Queries = Number(value) },
                "--threads" => settings with { Threads = Number(value) },
                "--write-training" => settings with { Training = value },
                "--book" => settings with { Book = value },
                "--seed" => settings with { Seed = Number(value) },
                "--svg" => settings with { Svg = value },
                _ => throw new FormatException($"There is no option {args[i]}."),
            };
        }

        bool complete = settings.Training is null ? settings.Sets.Length > 0 : settings.Book is not null;
        return complete ? settings : throw new FormatException("--sets DIR is missing, or --write-training FILE without --book TEXT.");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
