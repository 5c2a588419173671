namespace LongContext.Throughput.Runs;

/// <summary>What a child process measures: sent to it as JSON on standard input, the same for every engine.</summary>
internal sealed record RunRequest
{
    /// <summary>Tokens of the warm-up's prompt at most.</summary>
    internal const int WarmUpTokens = 128;

    public required string Model { get; init; }

    /// <summary>The prompt.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Tokens to decode after the first new one, which ends the prefill's time.</summary>
    public required int Decode { get; init; }

    /// <summary>A prompt computed before, so that pages are mapped and just-in-time compilation is done; nothing of it is reused.</summary>
    public required int[] WarmUp { get; init; }

    public required int WarmUpDecode { get; init; }

    public required int ContextLength { get; init; }

    public required int Threads { get; init; }

    public required ModelPrecision Precision { get; init; }

    public required KVCacheType KV { get; init; }

    public required int? Chunk { get; init; }

    public required int PeerBatch { get; init; }

    public required string PeerKV { get; init; }

    /// <summary>The request for one prompt length: token ids drawn with a seed that is the length, whoever asks.</summary>
    internal static RunRequest Create(Settings settings, string model, int promptTokens, int vocabulary)
    {
        const int warmUpDecode = 8;
        return new RunRequest
        {
            Model = Path.GetFullPath(model),
            Tokens = Draw(promptTokens, promptTokens),
            Decode = settings.Decode,
            WarmUp = Draw(WarmUpTokens, seed: -1),
            WarmUpDecode = warmUpDecode,
            ContextLength = Math.Max(promptTokens + settings.Decode + 1, WarmUpTokens + warmUpDecode + 1),
            Threads = settings.Threads,
            Precision = settings.Precision,
            KV = settings.KV,
            Chunk = settings.Chunk,
            PeerBatch = settings.PeerBatch,
            PeerKV = settings.PeerKV,
        };

        int[] Draw(int count, int seed)
        {
            Random random = new(seed);
            return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
        }
    }
}
