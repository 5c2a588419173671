using System.Globalization;
using LongContext.Communication;
using LongContext.Distributed.Tests.Ranks;

namespace LongContext.Distributed.Tests.Sessions;

/// <summary>Ranks of a session: rank 0 has it, the others work for it. First argument of each: the model's folder.</summary>
internal static class SessionScenarios
{
    private const double Tolerance = 1e-4;

    /// <summary>For each exact method: a session over the ranks answers as one rank did before. Rank 0 writes a line for each that is so.</summary>
    internal static int EqualOneRank(RankRun run)
    {
        string model = run.Arguments[0];
        int[] text = [];
        SessionAnswers? expected = null;
        if (run.Place.Rank == 0)
        {
            using InferenceSession one = SessionModel.Builder(model, AttentionMethod.Full).Build();
            text = SessionAnswers.WriteTextAsync(one).GetAwaiter().GetResult();
            expected = SessionAnswers.AskAsync(one, text).GetAwaiter().GetResult();
        }

        int code = 0;
        foreach (AttentionMethod method in SessionModel.ExactMethods)
        {
            code |= Compare(run, SessionModel.Builder(model, method), $"{method}", text, expected);
        }

        return code;
    }

    /// <summary>For Star and APB, with one block on each rank and with two: as the same blocks on one machine.</summary>
    internal static int BlocksEqualOneMachine(RankRun run)
    {
        string model = run.Arguments[0];
        int code = 0;
        foreach ((AttentionMethod method, ApproximateAttentionOptions options) in SessionModel.InBlocks(run.Place.Size))
        {
            int[] text = [];
            SessionAnswers? expected = null;
            if (run.Place.Rank == 0)
            {
                using InferenceSession one = SessionModel.Builder(model, method).UseAttention(method, options).Build();
                text = SessionAnswers.WriteTextAsync(one).GetAwaiter().GetResult();
                expected = SessionAnswers.AskAsync(one, text).GetAwaiter().GetResult();
            }

            code |= Compare(run, SessionModel.Builder(model, method).UseAttention(method, options), $"{method} of {options.Hosts} blocks", text, expected);
        }

        return code;
    }

    /// <summary>Rank 0 asks a session over the ranks and writes how its answers are to those expected; the others work for it.</summary>
    private static int Compare(RankRun run, InferenceSessionBuilder builder, string name, int[] text, SessionAnswers? expected)
    {
        builder = builder.UseCommunicator(run.Connect(new CommunicatorOptions()));
        if (expected is null)
        {
            using InferenceWorker worker = builder.BuildWorker();
            worker.Run();
            return 0;
        }

        using InferenceSession session = builder.Build();
        SessionAnswers answers = SessionAnswers.AskAsync(session, text).GetAwaiter().GetResult();
        double distance = answers.LogitDistance(expected);
        string? others = answers.FindOtherTokens(expected);
        bool equal = distance <= Tolerance && others is null && answers.Logits.Count == expected.Logits.Count;
        string rows = string.Create(CultureInfo.InvariantCulture, $"{answers.Logits.Count} rows within {distance:0.0e+0}");
        Console.WriteLine($"{name} {(equal ? "equals" : "DIFFERS FROM")} one rank: {rows}; {others ?? "all tokens the same"}");
        return equal ? 0 : 1;
    }

    /// <summary>Generates until something ends it. More arguments: the operations' deadline in seconds, and what a rank does at a fault.</summary>
    internal static int GenerateForEver(RankRun run)
    {
        CommunicatorOptions options = new()
        {
            OperationDeadline = TimeSpan.FromSeconds(double.Parse(run.Arguments[1], CultureInfo.InvariantCulture)),
            OnFault = Enum.Parse<FaultAction>(run.Arguments[2]),
        };
        InferenceSessionBuilder builder = SessionModel.Builder(run.Arguments[0], AttentionMethod.RingZigzag).UseCommunicator(run.Connect(options));
        return run.Place.Rank == 0 ? Generate(run, builder).GetAwaiter().GetResult() : Work(run, builder);
    }

    /// <summary>The last rank is started otherwise. Second argument: in what; third: the folder of another model.</summary>
    internal static int LastDiffers(RankRun run)
    {
        bool isLast = run.Place.Rank == run.Place.Size - 1;
        string what = isLast ? run.Arguments[1] : "";
        InferenceSessionBuilder builder = SessionModel
            .Builder(what == "model" ? run.Arguments[2] : run.Arguments[0], what == "attention" ? AttentionMethod.Ring : AttentionMethod.RingZigzag)
            .UseChunkSize(what == "chunk" ? 128 : 64)
            .UseCommunicator(run.Connect(new CommunicatorOptions()));
        using IDisposable made = run.Place.Rank == 0 ? builder.Build() : builder.BuildWorker();
        return 0;
    }

    private static int Work(RankRun run, InferenceSessionBuilder builder)
    {
        using InferenceWorker worker = builder.BuildWorker();
        run.Place.Mark("ready");
        try
        {
            worker.Run();
            return 1;
        }
        catch (CommunicatorException e)
        {
            Console.WriteLine($"rank {run.Place.Rank} threw: {e.Message}");
            return 0;
        }
    }

    private static async Task<int> Generate(RankRun run, InferenceSessionBuilder builder)
    {
        await using InferenceSession session = builder.Build();
        Prompt prompt = "Once upon a time";
        try
        {
            for (int round = 0; ; round++)
            {
                await foreach (GenerationUpdate update in session.StreamAsync(prompt, SessionModel.Greedy(200)))
                {
                    if (round == 0 && update.TokenIds.Count > 0)
                    {
                        run.Place.Mark("ready");
                    }
                }
            }
        }
        catch (EngineFaultedException e) when (e.InnerException is CommunicatorException cause)
        {
            Console.WriteLine($"rank 0 threw: {cause.Message}");
        }

        try
        {
            await session.GenerateAsync(prompt);
            return 1;
        }
        catch (EngineFaultedException)
        {
            return 0; // and so do all later requests
        }
    }
}
