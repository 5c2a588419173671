using System.Globalization;
using LongContext.Accuracy.Ruler;

namespace LongContext.Accuracy;

/// <summary>What to run, from the command line.</summary>
internal sealed record Settings
{
    internal const string Usage =
        """
        How many questions each attention method answers right:

        LongContext.Accuracy MODEL --sets DIR [options]             test sets of a folder: ctxN.jsonl, stagedN.jsonl, ... (a line: context and queries as token ids)
        LongContext.Accuracy MODEL --made N --book TEXT [options]   N contexts of each length in needle-3l's language, made on the spot (staged)
        LongContext.Accuracy MODEL --tasks a,b|all --book TEXT [options]   RULER's tasks, made on the spot, for any model

          --set NAME          which test sets (default staged); or made from those: opening (bindings open the context), asked (they come with the questions)
          --samples N         samples of each of RULER's tasks (default 10)
          --template chat     RULER's tasks inside the model's chat template (default none)
          --squad FILE        documents and questions in SQuAD's format, for the task qa_1
          --lengths 4096,...  which N (default 4096,8192,16384,32768)
          --methods a,b,...   full, star, heads, distinct, query, recent, random, none, no-anchor, no-query (default: all; heads and what it
                              ablates need --heads), ring, ring-zigzag, ulysses, usp; distinct@4 and the like: over 4 ranks, threads of the process
          --heads FILE        retaining heads
          --hosts N           blocks (default 8)
          --anchor N          l_a (default: the papers')
          --passing N         l_p (default: a 32nd of the length)
          --layout LAYOUT     the anchor: query-first (default), released or context-only (no query)
          --contexts N        contexts of each set (default: all)
          --queries N         questions of each kind asked of a context (default: all)
          --parallel N        sessions side by side, which share the threads (default 1; good for small models; times are then of a busy machine)
          --threads N         (default 0: all cores)
          --svg FILE          a chart beside the table

        LongContext.Accuracy MODEL --write-training FILE --book TEXT [--contexts N] [--lengths N] [--seed S]
                              contexts in needle-3l's language for 'LongContext.Cli train-retaining-heads' (default 100 of 2048 tokens)
        """;

    internal required string Model { get; init; }

    internal string? Sets { get; init; }

    /// <summary>Contexts made on the spot, of each length; 0: none.</summary>
    internal int Made { get; init; }

    /// <summary>RULER's tasks; none: other questions are asked.</summary>
    internal string[] Tasks { get; init; } = [];

    internal int Samples { get; init; } = 10;

    internal bool UsesTemplate { get; init; }

    internal string? Squad { get; init; }

    internal int Parallel { get; init; } = 1;

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

        Settings settings = new() { Model = args[0] };
        for (int i = 1; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            settings = args[i] switch
            {
                "--sets" => settings with { Sets = value },
                "--made" => settings with { Made = Number(value) },
                "--tasks" => settings with { Tasks = value == "all" ? RulerTasks.Names : value.Split(',') },
                "--samples" => settings with { Samples = Number(value) },
                "--template" => settings with { UsesTemplate = value == "chat" },
                "--squad" => settings with { Squad = value },
                "--parallel" => settings with { Parallel = Number(value) },
                "--set" => settings with { Set = value },
                "--lengths" => settings with { Lengths = [.. value.Split(',').Select(Number)] },
                "--methods" => settings with { Methods = value.Split(',') },
                "--heads" => settings with { Heads = value },
                "--hosts" => settings with { Hosts = Number(value) },
                "--anchor" => settings with { Anchor = Number(value) },
                "--passing" => settings with { Passing = Number(value) },
                "--layout" => settings with { Layout = LayoutOf(value) },
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

        bool needsBook = settings.Training is not null || settings.Made > 0 || settings.Tasks.Length > 0;
        return needsBook && settings.Book is null ? throw new FormatException("--book TEXT is missing.")
            : needsBook || settings.Sets is not null ? settings
            : throw new FormatException("What to ask is missing: --sets DIR, --made N or --tasks NAMES.");
    }

    private static AnchorLayout LayoutOf(string word) => word switch
    {
        "query-first" => AnchorLayout.QueryFirst,
        "released" => AnchorLayout.Released,
        "context-only" => AnchorLayout.ContextOnly,
        _ => throw new FormatException($"There is no anchor '{word}'."),
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
