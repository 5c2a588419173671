namespace LongContext.Distributed.Tests.Sessions;

/// <summary>What a session says to a fixed list of requests, among them some at the same time and some that are cancelled.</summary>
/// <param name="Logits">Rows.</param>
/// <param name="Tokens">Ids of each request that came to its end.</param>
internal sealed record SessionAnswers(IReadOnlyList<float[]> Logits, IReadOnlyList<IReadOnlyList<int>> Tokens)
{
    private static readonly int[] PromptLengths = [1, 2, 7, 65, 211];

    /// <summary>A text of the session's own, to make prompts of.</summary>
    internal static async Task<int[]> WriteTextAsync(InferenceSession session) =>
        [.. (await session.GenerateAsync("Once upon a time", SessionModel.Greedy(250))).TokenIds];

    /// <summary>Asks for everything.</summary>
    /// <param name="session">Over any number of ranks.</param>
    /// <param name="text">At least 211 ids.</param>
    internal static async Task<SessionAnswers> AskAsync(InferenceSession session, int[] text)
    {
        List<float[]> logits = [];
        foreach (int length in PromptLengths)
        {
            logits.AddRange(await session.ComputeLogitsAsync(First(length)));
        }

        logits.AddRange(await session.ComputeLogitsAsync(First(101), LogitPositions.All));
        List<IReadOnlyList<int>> tokens = [await Generate(37, 256)];
        tokens.AddRange(await Task.WhenAll(Generate(113, 40), Generate(7, 40)));

        Task<IReadOnlyList<int>> kept = Generate(51, 60);
        await CancelAsync(afterTokens: 0);
        await CancelAsync(afterTokens: 5);
        tokens.Add(await kept);
        tokens.Add(await Generate(3, 10));
        return new SessionAnswers(logits, tokens);

        Prompt First(int length) => Prompt.FromTokens(text[..length]);

        async Task<IReadOnlyList<int>> Generate(int length, int count) => (await session.GenerateAsync(First(length), SessionModel.Greedy(count))).TokenIds;

        async Task CancelAsync(int afterTokens)
        {
            using CancellationTokenSource source = new();
            Task<bool> running = WasCancelledAsync(source, afterTokens);
            if (afterTokens == 0)
            {
                await Task.Delay(3);
                await source.CancelAsync();
            }

            if (!await running)
            {
                throw new InvalidOperationException("A cancelled request came to its end.");
            }
        }

        async Task<bool> WasCancelledAsync(CancellationTokenSource source, int afterTokens)
        {
            int read = 0;
            try
            {
                await foreach (GenerationUpdate update in session.StreamAsync(First(93), SessionModel.Greedy(400), source.Token))
                {
                    read += update.TokenIds.Count;
                    if (read == afterTokens)
                    {
                        await source.CancelAsync();
                    }
                }

                return false;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        }
    }

    /// <summary>The greatest distance of any number from <paramref name="other"/>'s.</summary>
    internal double LogitDistance(SessionAnswers other)
    {
        double greatest = 0;
        foreach ((float[] mine, float[] its) in Logits.Zip(other.Logits))
        {
            for (int i = 0; i < mine.Length; i++)
            {
                double distance = Math.Abs((double)mine[i] - its[i]);
                greatest = distance <= greatest ? greatest : distance; // a NaN is greater too
            }
        }

        return greatest;
    }

    /// <summary>The first request whose ids are others, in words; null if there is none.</summary>
    internal string? FindOtherTokens(SessionAnswers other)
    {
        for (int i = 0; i < Tokens.Count; i++)
        {
            int same = Tokens[i].Zip(other.Tokens[i]).TakeWhile(p => p.First == p.Second).Count();
            if (same < Tokens[i].Count || same < other.Tokens[i].Count)
            {
                return $"request {i} has {same} equal tokens of {other.Tokens[i].Count}";
            }
        }

        return null;
    }
}
