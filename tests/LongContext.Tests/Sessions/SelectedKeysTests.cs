using System.Text.Json;
using LongContext.Attention;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Which compressors pass on the keys that later blocks need, on the retrieval model: those of statements' last tokens, in the layers and the KV head that follow links.</summary>
/// <remarks>Shown by <c>dotnet test tests/LongContext.Tests -c Release --filter "FullyQualifiedName~SelectedKeys" --logger "console;verbosity=normal"</c>.</remarks>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class SelectedKeysTests
{
    private const string Folder = "models/needle-3l";
    private const int Length = 4_096, KVHeads = 2, LinkHead = 0, FirstLinkLayer = 1, Layers = 3, Contexts = 2;

    [Test]
    public async Task KeysOfStatements_ThatStandOut_ArePassedOn_WhereThoseLikeTheQueryAreNot()
    {
        Dictionary<CompressorKind, double> recalls = [];
        foreach (CompressorKind kind in (CompressorKind[])[CompressorKind.Distinct, CompressorKind.QueryAware, CompressorKind.Recent, CompressorKind.Random])
        {
            double[] layers = await Recall(kind);
            TestContext.Out.WriteLine(FormattableString.Invariant($"{kind}: recall in layer 1 {layers[0]:F2}, in layer 2 {layers[1]:F2}"));
            recalls.Add(kind, layers.Min());
        }

        Assert.That(recalls[CompressorKind.Distinct], Is.GreaterThan(0.95));
        Assert.That(recalls.Where(r => r.Key != CompressorKind.Distinct).Select(r => r.Value), Is.All.LessThan(0.6)); // a quarter by chance
    }

    /// <summary>Share of statements in blocks before the last whose last token's key is passed on, a layer that follows links each.</summary>
    private static async Task<double[]> Recall(CompressorKind kind)
    {
        ApproximateAttentionOptions options = new() { Hosts = 8, PassingLength = Length / 32, MinimumLength = 0, Compressor = kind };
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(SharedData.Require(Folder)).UseContextLength(Length + 64).UseAttention(AttentionMethod.Apb, options).Build();
        int[] statements = [.. session.Tokenizer.Encode("[SET][LET]", EncodeOptions.ParseSpecialTokens)];
        (int[] found, int all) = (new int[Layers - FirstLinkLayer], 0);
        foreach (string line in File.ReadLines(SharedData.Require($"{Folder}/eval/staged{Length}.jsonl")).Take(Contexts))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            int[] context = Ids(document.RootElement.GetProperty("context"));
            int[] query = Ids(document.RootElement.GetProperty("queries").EnumerateArray().First(q => q.GetProperty("kind").GetString() == "hop2").GetProperty("prompt"));
            KeySelection selection = new();
            await session.ComputeLogitsAsync(
                new Prompt(PromptPart.FromTokens(context), PromptPart.FromTokens(query)), [0], selection, null, CancellationToken.None);

            int last = selection.Geometry!.Blocks.Count - 1;
            int[] needed = [.. Enumerable.Range(0, context.Length).Where(i => statements.Contains(context[i])).Select(i => i + 2)
                .Where(i => i >= selection.AnchorEnd && i < selection.Geometry.Blocks.Start(last))];
            all += needed.Length;
            for (int layer = FirstLinkLayer; layer < Layers; layer++)
            {
                HashSet<int> passed = [.. selection.Before(last, layer).ToArray().Where((_, i) => i % KVHeads == LinkHead)];
                found[layer - FirstLinkLayer] += needed.Count(passed.Contains);
            }
        }

        return [.. found.Select(f => (double)f / all)];
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
