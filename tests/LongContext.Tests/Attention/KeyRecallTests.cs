using LongContext.Attention;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

/// <summary>What is measured of exact attention's squared weights, against softmax in doubles with the selected keys written out.</summary>
[TestFixture]
internal sealed class KeyRecallTests
{
    private const int ContextLength = 230, BlockLength = 64, Blocks = 4, AnchorEnd = 39;
    private static readonly int[] Prompt = [.. Enumerable.Range(100, ContextLength + 9)];

    private static readonly ApproximateAttentionOptions FourHosts = new()
    {
        Hosts = Blocks, AnchorLength = 23, PassingLength = 16, MinimumLength = 0, Compressor = CompressorKind.Random,
    };

    [Test]
    public void Recall_IsTheSelectedKeysShareOfTheSquaredWeightsOnEarlierBlocks([Values] ModelBackend backend, [Values(13, 64, 1_000)] int chunk)
    {
        ApbRig rig = new(FourHosts) { Backend = backend };
        MaskTable table = new(Prompt, ContextLength, BlockLength, [.. Prompt[ContextLength..], .. Prompt[..AnchorEnd]], AnchorEnd, 16, rig.Compressor);
        AssertMeasured(rig, Measure(rig, chunk), AnchorEnd, firstBlock: 1, table.Passed);
    }

    [Test]
    public void Recall_OfStar_IsZero_OfWhatTheFirstBlockDoesNotHold()
    {
        ApbRig rig = new(FourHosts, AttentionMethod.Star);
        AssertMeasured(rig, Measure(rig, 50), BlockLength, firstBlock: 2, (_, _) => []);
    }

    [Test]
    public void Recall_OfEverything_IsOne()
    {
        ApbRig rig = new(FourHosts with { AnchorLength = 0, PassingLength = 1_000 });
        IReadOnlyList<KeyRecall> recalls = Measure(rig, 40);
        Assert.That(recalls.SelectMany(r => new[] { r.ReadingRecall, r.AnsweringRecall }), Is.All.EqualTo(1).Within(1e-5));
        Assert.That(recalls.SelectMany(r => new[] { r.ReadingFocus, r.AnsweringFocus }), Is.All.GreaterThan(0.001));
    }

    [Test]
    public void Recall_OfAPromptThatStartsOver_CountsItOnce()
    {
        ApbRig rig = new(FourHosts);
        KeySelection selection = new();
        rig.Run(Prompt, ContextLength, 50, selection: selection);
        KeyRecallMeter once = new(selection), twice = new(selection);
        rig.RunExactly(Prompt, ContextLength, 50, once);
        rig.RunExactly(Prompt, ContextLength, 50, twice, times: 2);
        Assert.That(twice.Result, Is.EqualTo(once.Result));
    }

    [Test]
    public void Recall_OfAnExactReading_IsUnknown()
    {
        ApbRig rig = new(FourHosts with { MinimumLength = 1_000 });
        Assert.That(Measure(rig, 50), Is.Empty);
    }

    [Test]
    public void Rows_ThatAreMeasured_AreThoseThatAreNot()
    {
        ApbRig rig = new(FourHosts);
        KeySelection selection = new();
        rig.Run(Prompt, ContextLength, 50, selection: selection);
        Assert.That(rig.RunExactly(Prompt, ContextLength, 50, new KeyRecallMeter(selection)), Is.EqualTo(rig.RunExactly(Prompt, ContextLength, 50, null)));
    }

    private static IReadOnlyList<KeyRecall> Measure(ApbRig rig, int chunk)
    {
        KeySelection selection = new();
        rig.Run(Prompt, ContextLength, chunk, selection: selection);
        KeyRecallMeter recall = new(selection);
        rig.RunExactly(Prompt, ContextLength, chunk, recall);
        return recall.Result;
    }

    private static void AssertMeasured(
        ApbRig rig, IReadOnlyList<KeyRecall> measured, int anchorEnd, int firstBlock, Func<int, int, IEnumerable<int>> passed)
    {
        Assert.That(measured, Has.Count.EqualTo(ApbRig.Layers * ApbRig.KVHeads));
        foreach (KeyRecall recall in measured)
        {
            (double focus, double share) = Expected(rig, recall, firstBlock * BlockLength, ContextLength, anchorEnd, passed);
            Assert.That(recall.ReadingFocus, Is.EqualTo(focus).Within(1e-5), $"{recall}");
            Assert.That(recall.ReadingRecall, Is.EqualTo(share).Within(1e-5), $"{recall}");
            (focus, share) = Expected(rig, recall, ContextLength, Prompt.Length, anchorEnd, passed);
            Assert.That(recall.AnsweringFocus, Is.EqualTo(focus).Within(1e-5), $"{recall}");
            Assert.That(recall.AnsweringRecall, Is.EqualTo(share).Within(1e-5), $"{recall}");
        }
    }

    private static (double Focus, double Recall) Expected(
        ApbRig rig, KeyRecall of, int start, int end, int anchorEnd, Func<int, int, IEnumerable<int>> passed)
    {
        const int Group = ApbRig.QHeads / ApbRig.KVHeads;
        (double earlier, double selected) = (0, 0);
        for (int position = start; position < end; position++)
        {
            int block = position < ContextLength ? position / BlockLength : Blocks - 1;
            HashSet<int> kept = [.. Enumerable.Range(0, block).SelectMany(b => passed(b, of.KVHead))];
            (int, int)[] keys = [.. Enumerable.Range(0, position + 1).Select(p => (Prompt[p], p))];
            for (int head = of.KVHead * Group; head < (of.KVHead + 1) * Group; head++)
            {
                double[] weights = rig.Weights(of.Layer, (Prompt[position], position), head, keys);
                double sum = weights.Sum();
                double[] squares = [.. weights.Select(w => w / sum * (w / sum))];
                earlier += squares.Where((_, p) => p >= anchorEnd && p < block * BlockLength).Sum();
                selected += squares.Where((_, p) => kept.Contains(p)).Sum();
            }
        }

        return (earlier / (Group * (end - start)), selected / earlier);
    }
}
