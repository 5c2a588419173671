using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Throughput.Ceilings;
using LongContext.Throughput.Report;
using LongContext.Throughput.Runs;

namespace LongContext.Throughput;

/// <summary>Rounds of runs, engine beside engine so that a busy minute meets both; a JSON line for each, a table at the end.</summary>
internal static class Comparison
{
    internal static void Run(Settings settings, TextWriter output)
    {
        FigureTable engines = new(), ceilings = new();
        Runner[] runners = settings.PeerFolder is { } folder ? [Runner.Own, Runner.LlamaCpp(folder)] : [Runner.Own];
        RunRequest[] requests = settings.Model is { } model ? Requests(settings, model) : [];
        for (int round = 0; round < settings.Rounds; round++)
        {
            if (settings.Ceilings)
            {
                AddCeilings(MachineCeilings.Measure(settings.Threads), round, ceilings, output);
            }

            for (int i = 0; i < requests.Length; i++)
            {
                // Who goes first changes: neither has always the warmer machine.
                foreach (Runner runner in round % 2 == 0 ? runners : runners.Reverse())
                {
                    RunResult result = ChildProcess.Run(runner, requests[i]);
                    AddRun(settings, requests[i], result, (round * requests.Length) + i, engines);
                    Print(Describe(requests[i], result, round), output);
                }
            }
        }

        output.WriteLine();
        foreach (FigureTable table in new[] { engines, ceilings }.Where(table => !table.IsEmpty))
        {
            output.WriteLine(table);
        }
    }

    private static RunRequest[] Requests(Settings settings, string model)
    {
        int vocabulary = InferenceSession.CreateBuilder().UseModel(model).Inspect().VocabularySize;
        return [.. settings.Lengths.Select(length => RunRequest.Create(settings, model, length, vocabulary))];
    }

    private static void AddRun(Settings settings, RunRequest request, RunResult result, int run, FigureTable table)
    {
        int length = request.Tokens.Length;
        void Add(string figure, double value) => table.Add(figure, result.Engine, run, value);
        if (settings.PromptTokens.Contains(length))
        {
            Add($"prefill {length}, tokens/s", length / result.PrefillMs * 1e3);
            Add($"prefill {length}, tokens per CPU second", length / result.PrefillCpuMs * 1e3);
            Add($"peak memory after {length}, GB", result.PeakRssBytes / 1e9);
        }

        foreach (int context in settings.DecodeAt.Where(context => Settings.PromptOf(context) == length))
        {
            Add($"decode at {context}, tokens/s", result.DecodedTokens / result.DecodeMs * 1e3);
            Add($"decode at {context}, tokens per CPU second", result.DecodedTokens / result.DecodeCpuMs * 1e3);
        }

        Add("load, s", result.LoadMs / 1e3);
        Add("load and warm-up, s", (result.LoadMs + result.WarmUpMs) / 1e3);
    }

    private static JsonObject Describe(RunRequest request, RunResult result, int round)
    {
        JsonObject json = JsonSerializer.SerializeToNode(result, Json.Options)!.AsObject();
        json.Insert(0, "round", round);
        json.Insert(3, "model", request.Model);
        json.Insert(4, "threads", request.Threads);
        json.Insert(5, "promptTokens", request.Tokens.Length);
        json["prefillTokensPerSecond"] = request.Tokens.Length / result.PrefillMs * 1e3;
        json["decodeTokensPerSecond"] = result.DecodedTokens / result.DecodeMs * 1e3;
        return json;
    }

    private static void AddCeilings(IReadOnlyList<Ceiling> measured, int round, FigureTable table, TextWriter output)
    {
        JsonObject json = new() { ["round"] = round };
        foreach (Ceiling ceiling in measured)
        {
            string figure = $"{ceiling.Figure}, {ceiling.Threads} thread{(ceiling.Threads == 1 ? "" : "s")}";
            table.Add(figure, "this machine", round, ceiling.Value);
            json[figure] = ceiling.Value;
        }

        Print(json, output);
    }

    private static void Print(JsonObject line, TextWriter output)
    {
        output.WriteLine(line.ToJsonString(Json.Options));
        output.Flush();
    }
}
