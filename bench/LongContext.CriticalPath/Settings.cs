using System.Globalization;
using LongContext.CriticalPath.Recording;
using LongContext.CriticalPath.Runs;
using LongContext.Planning;
using LongContext.Tensors;

namespace LongContext.CriticalPath;

/// <summary>What to measure, read once from the arguments.</summary>
internal sealed record Settings
{
    internal const string Help = """
        usage: LongContext.CriticalPath SHAPE [options]

        SHAPE                1b or 8b (Llama 3.2 1B, 3.1 8B), 160m, tiny: a random model of that shape is written and measured
          --layers N         layers that are measured; time is scaled to the shape's (default 2)
          --tokens LIST      prompt lengths, 64 of them the query (default 32768)
          --hosts N          ranks (default 8)
          --methods LIST     of full, ring, ring-zigzag, ulysses, usp, star, apb, apb-zigzag (default full,ring,ring-zigzag,star,apb,apb-zigzag)
          --link LIST        links that are modelled, as the planner names them or "15us,11.5GB/s" with ; between (default ib200;eth10)
          --rounds N         measurements of each; the one of median time counts (default 1)
          --threads N        cores of each host (default: all of this machine)
          --chunk N          prompt tokens of a step over ranks (default: the library's)
          --type TYPE        of the weights: Q8_0 (default), BF16, F32
          --anchor N, --passing N, --compressor query|recent|random|none, --heads FILE   of APB (defaults: the library's)
          --clock CLOCK      wall (default), or processor: with --threads 1, beside other work
          --memory GB        what methods may need (default: what the machine has); those that may need more are left out
          --folder DIR       where models are written (default: a temporary folder, kept)
        """;

    internal required ModelShape Shape { get; init; }

    internal int Layers { get; init; } = 2;

    internal int[] Tokens { get; init; } = [32_768];

    internal int Hosts { get; init; } = 8;

    internal string[] Methods { get; init; } = ["full", "ring", "ring-zigzag", "star", "apb", "apb-zigzag"];

    internal (string Name, LinkProfile Link)[] Links { get; init; } = [("ib200", LinkProfile.Parse("ib200")), ("eth10", LinkProfile.Parse("eth10"))];

    internal int Rounds { get; init; } = 1;

    internal int Threads { get; init; } = Environment.ProcessorCount;

    internal ComputeClock Clock { get; init; } = ComputeClock.Wall;

    /// <summary>Null: the library's default.</summary>
    internal int? Chunk { get; init; }

    internal DType Type { get; init; } = DType.Q8_0;

    /// <summary>Null, as the next: the library's default.</summary>
    internal int? Anchor { get; init; }

    internal int? Passing { get; init; }

    internal CompressorKind? Compressor { get; init; }

    internal string? Heads { get; init; }

    internal double MemoryGigabytes { get; init; } = 0.9e-9 * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    internal string Folder { get; init; } = Path.Combine(Path.GetTempPath(), "longcontext-critical-path");

    internal static Settings Parse(string[] arguments)
    {
        if (arguments.Length == 0 || arguments[0].StartsWith('-'))
        {
            throw new FormatException("A shape is missing; --help tells the usage.");
        }

        Settings s = new() { Shape = ModelShape.Parse(arguments[0]) };
        for (int i = 1; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string value = ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value.");
            s = name switch
            {
                "--layers" => s with { Layers = Number(name, value, 1) },
                "--tokens" => s with { Tokens = [.. value.Split(',').Select(w => Number(name, w, 256)).Distinct().Order()] },
                "--hosts" => s with { Hosts = Number(name, value, 2) },
                "--methods" => s with { Methods = [.. value.Split(',').Select(w => MethodCase.Create(w, 2).Name).Distinct()] },
                "--link" => s with { Links = [.. value.Split(';').Select(w => (w, LinkProfile.Parse(w)))] },
                "--rounds" => s with { Rounds = Number(name, value, 1) },
                "--threads" => s with { Threads = Number(name, value, 1) },
                "--clock" => s with { Clock = Choice(name, value, ("wall", ComputeClock.Wall), ("processor", ComputeClock.Processor)) },
                "--chunk" => s with { Chunk = Number(name, value, 1) },
                "--type" => s with { Type = Choice(name, value, ("Q8_0", DType.Q8_0), ("BF16", DType.BF16), ("F32", DType.F32)) },
                "--anchor" => s with { Anchor = Number(name, value, 0) },
                "--passing" => s with { Passing = Number(name, value, 0) },
                "--compressor" => s with
                {
                    Compressor = Choice(
                        name, value, ("query", CompressorKind.QueryAware), ("recent", CompressorKind.Recent), ("random", CompressorKind.Random),
                        ("none", CompressorKind.None)),
                },
                "--heads" => s with { Heads = value },
                "--memory" => s with { MemoryGigabytes = Number(name, value, 1) },
                "--folder" => s with { Folder = value },
                _ => throw new FormatException($"'{name}' is not an option; --help lists them."),
            };
        }

        if (s.Clock == ComputeClock.Processor && s.Threads != 1)
        {
            throw new FormatException("--clock processor: threads that wait for each other count as busy; measure with --threads 1.");
        }

        return s.Layers <= s.Shape.Shape.Layers ? s : throw new FormatException($"--layers: {s.Shape.Name} has {s.Shape.Shape.Layers} layers.");
    }

    private static int Number(string name, string value, int minimum) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= minimum
            ? number
            : throw new FormatException($"{name}: '{value}' is not a whole number from {minimum}.");

    private static T Choice<T>(string name, string value, params (string Word, T Value)[] choices)
    {
        foreach ((string word, T result) in choices)
        {
            if (word == value)
            {
                return result;
            }
        }

        throw new FormatException($"{name}: '{value}' is none of {string.Join(", ", choices.Select(choice => choice.Word))}.");
    }
}
