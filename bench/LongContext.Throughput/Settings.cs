using System.Globalization;

namespace LongContext.Throughput;

/// <summary>What to measure, read once from the arguments.</summary>
internal sealed record Settings
{
    internal const string Help = """
        usage: LongContext.Throughput [MODEL] [options]

        MODEL                     a GGUF file (or, without a peer, a Hugging Face folder); without one, only --ceilings
          --prompt-tokens LIST    prompt lengths of the prefill, in tokens (default 512,4096)
          --decode-at LIST        contexts that decode is measured at, in tokens (default 0 and the prompt lengths)
          --decode N              tokens decoded after each prompt (default 16)
          --rounds N              each engine runs every length once a round (default 3)
          --threads N             compute threads of every engine (default: all cores)
          --precision P           auto (default) or float32; LongContext only
          --kv TYPE               bf16 (default), f32 or q8_0; LongContext only
          --chunk N               prompt tokens LongContext computes in one step (default: the library's)
          --ceilings              measure multiply-adds and memory reads too, every round
          --peer node-llama-cpp   run llama.cpp too, through that npm package
          --peer-folder DIR       where it was installed (npm install node-llama-cpp)
          --peer-batch N          its batch in tokens (default 512)
          --peer-kv TYPE          its cache's type: F16 (default), F32, BF16 or Q8_0
        """;

    internal string? Model { get; init; }

    internal int[] PromptTokens { get; init; } = [512, 4096];

    /// <summary>Contexts in tokens; 0 is measured after a prompt of one token.</summary>
    internal int[] DecodeAt { get; init; } = [];

    internal int Decode { get; init; } = 16;

    internal int Rounds { get; init; } = 3;

    internal int Threads { get; init; } = Environment.ProcessorCount;

    internal ModelPrecision Precision { get; init; } = ModelPrecision.Auto;

    internal KVCacheType KV { get; init; } = KVCacheType.BFloat16;

    /// <summary>Null: the library's default.</summary>
    internal int? Chunk { get; init; }

    internal bool Ceilings { get; init; }

    /// <summary>Null: no peer.</summary>
    internal string? PeerFolder { get; init; }

    internal int PeerBatch { get; init; } = 512;

    internal string PeerKV { get; init; } = "F16";

    /// <summary>Every prompt length there is a run for, in ascending order.</summary>
    internal int[] Lengths => [.. PromptTokens.Concat(DecodeAt.Select(PromptOf)).Distinct().Order()];

    /// <summary>The prompt after which decode runs at this context.</summary>
    internal static int PromptOf(int context) => Math.Max(1, context);

    internal static Settings Parse(string[] arguments)
    {
        Settings settings = new();
        bool decodeAtGiven = false, peer = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value.");
            switch (name)
            {
                case "--prompt-tokens": settings = settings with { PromptTokens = List(name, Value(), minimum: 1) }; break;
                case "--decode-at": settings = settings with { DecodeAt = List(name, Value(), minimum: 0) }; decodeAtGiven = true; break;
                case "--decode": settings = settings with { Decode = Number(name, Value(), minimum: 1) }; break;
                case "--rounds": settings = settings with { Rounds = Number(name, Value(), minimum: 1) }; break;
                case "--threads": settings = settings with { Threads = Number(name, Value(), minimum: 1) }; break;
                case "--chunk": settings = settings with { Chunk = Number(name, Value(), minimum: 1) }; break;
                case "--precision":
                    settings = settings with { Precision = Choice(name, Value(), ("auto", ModelPrecision.Auto), ("float32", ModelPrecision.Float32)) };
                    break;
                case "--kv":
                    settings = settings with { KV = Choice(name, Value(), ("bf16", KVCacheType.BFloat16), ("f32", KVCacheType.Float32), ("q8_0", KVCacheType.Q8_0)) };
                    break;
                case "--ceilings": settings = settings with { Ceilings = true }; break;
                case "--peer": peer = Choice(name, Value(), ("node-llama-cpp", true)); break;
                case "--peer-folder": settings = settings with { PeerFolder = Value() }; peer = true; break;
                case "--peer-batch": settings = settings with { PeerBatch = Number(name, Value(), minimum: 1) }; break;
                case "--peer-kv": settings = settings with { PeerKV = Choice(name, Value(), ("F16", "F16"), ("F32", "F32"), ("BF16", "BF16"), ("Q8_0", "Q8_0")) }; break;
                default:
                    settings = name.StartsWith('-') || settings.Model is not null
                        ? throw new FormatException($"'{name}' is not an option; --help lists them.")
                        : settings with { Model = name };
                    break;
            }
        }

        if (settings.Model is null && !settings.Ceilings)
        {
            throw new FormatException("A model is missing; --help tells the usage.");
        }

        return settings with
        {
            DecodeAt = decodeAtGiven ? settings.DecodeAt : [0, .. settings.PromptTokens],
            PeerFolder = peer ? settings.PeerFolder ?? Environment.CurrentDirectory : null,
        };
    }

    private static int[] List(string name, string value, int minimum) =>
        [.. value.Split(',').Select(word => Number(name, word, minimum)).Distinct().Order()];

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
