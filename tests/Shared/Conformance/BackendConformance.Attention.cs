using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

internal abstract partial class BackendConformance
{
    [Test]
    public void Attention_EveryHeadSizeAndGroup_IsTheSoftmaxAverage(
        [Values(8, 16, 24, 32, 64, 80, 96, 128, 256)] int headDim, [Values(DType.F32, DType.BF16, DType.Q8_0)] DType type)
    {
        NeedsCache(type);
        foreach ((int qHeads, int kvHeads) in ((int, int)[])[(2, 2), (7, 1), (6, 3)])
        {
            CheckAttention(new AttentionScenario
            {
                Lengths = [37, 5], QHeads = qHeads, KVHeads = kvHeads, HeadDim = headDim, Type = type, PageSize = type == DType.Q8_0 ? 64 : 16,
                Parameters = new AttentionParameters((float)(1 / Math.Sqrt(headDim))), QueryRounding = Rounding(type, headDim),
                HasQueriesInBytes = type == DType.Q8_0 && HasAttentionInBytes(64),
            });
        }
    }

    [Test]
    public void Attention_MasksWindowsAndCaps_ShowEachRowItsKeys(
        [Values] AttentionMask mask, [Values(0, 1, 20, 70)] int window, [Values(0f, 2f)] float softCap, [Values(0, 21)] int keyStart,
        [Values(DType.F32, DType.BF16, DType.Q8_0)] DType type)
    {
        NeedsCache(type);
        CheckAttention(
            new AttentionScenario
            {
                Lengths = [130, 1, 47], HeadDim = 16, PageSize = type == DType.Q8_0 ? 64 : 32, Mask = mask, KeyStart = keyStart, Type = type,
                Parameters = new AttentionParameters(0.25f, softCap, window), QueryRounding = Rounding(type, 16),
                HasQueriesInBytes = type == DType.Q8_0 && HasAttentionInBytes(64),
            },
            chunks: [1, 50, 200]);
    }

    [Test]
    public void Attention_PagesOfAnySize_AreReadInOrder([Values(16, 48, 64, 256)] int pageSize, [Values(DType.F32, DType.BF16, DType.Q8_0)] DType type)
    {
        NeedsCache(type);
        CheckAttention(new AttentionScenario
        {
            Lengths = [300, 17, 64], HeadDim = 32, PageSize = pageSize, Type = type, Parameters = new AttentionParameters(0.2f),
            QueryRounding = Rounding(type, 32), HasQueriesInBytes = type == DType.Q8_0 && HasAttentionInBytes(pageSize),
        });
    }

    [Test]
    public void Attention_HugeScores_DoNotOverflow()
    {
        CheckAttention(new AttentionScenario { Lengths = [70], HeadDim = 16, Spread = 300, Parameters = new AttentionParameters(1) }, relativeScores: true);
    }

    [Test]
    public void AppendKV_BetweenTwoBFloat16s_RoundsToTheNearestAndTiesToEven()
    {
        const float step = 1 / 128f; // of bfloat16 between 1 and 2
        float[] values = [1 + (step / 2), 1 + (1.5f * step), 1 + (0.51f * step), 1 + (0.49f * step), -1 - (2.5f * step), 3e38f, 0, -1e-30f];
        float[] expected = [1, 1 + (2 * step), 1 + step, 1, -1 - (2 * step), 3e38f, 0, -1e-30f];
        AttentionBatch batch = new() { PageSize = 16 };
        batch.AddSequence([0], kvLength: 1, newTokens: 1);
        batch.AddItem(new AttentionItem(0, 0, 1, 0, 1, AttentionMask.Causal, 0));
        using AttentionPlan plan = Backend.CreatePlan();
        Backend.Plan(plan, batch);
        using KVCacheStorage cache = Backend.AllocateKVCache(new KVCacheShape(1, 1, 16, 1, 8, DType.BF16));
        Tensor v = Upload(values, new TensorShape(1, 1, 8));
        (Tensor q, Tensor output) = (Empty(new TensorShape(1, 1, 8)), Empty(new TensorShape(1, 1, 8)));
        Backend.AppendKV(q, v, cache, 0, plan);
        Backend.Attention(q, cache, 0, plan, new AttentionParameters(1), output, default); // one key: its value comes back
        AssertClose(Download(output)[..5], [.. expected[..5].Select(x => (double)x)], absolute: 0);
        AssertClose(Download(output), [.. expected.Select(x => (double)x)], absolute: 0, relative: 1.0 / 256);
    }

    [Test]
    public void GatherKV_AnySlotsOfEachHead_AreWhatWasStored([Values(DType.F32, DType.BF16)] DType type, [Values(8, 24, 64)] int headDim)
    {
        const int tokens = 70, kvHeads = 3, layer = 1;
        int[] pages = [4, 0, 3, 1, 2];
        AttentionBatch batch = new() { PageSize = 16 };
        batch.AddSequence(pages, tokens, tokens);
        using AttentionPlan plan = Backend.CreatePlan();
        Backend.Plan(plan, batch);
        using KVCacheStorage cache = Backend.AllocateKVCache(new KVCacheShape(2, 5, 16, kvHeads, headDim, type));
        float[] k = TestData.Normal(tokens * kvHeads * headDim, seed: 71), v = TestData.Normal(tokens * kvHeads * headDim, seed: 72);
        TensorShape stored = new(tokens, kvHeads, headDim);
        Backend.AppendKV(Upload(k, stored), Upload(v, stored), cache, layer, plan);

        int[] chosen = [.. Enumerable.Range(0, 80 * kvHeads).Select(i => ((i * 37) + (i / 7)) % tokens)];
        Tensor slots = Empty(new TensorShape(80, kvHeads), DType.I32);
        Backend.Upload<int>([.. chosen.Select(t => (pages[t / 16] * 16) + (t % 16))], slots);
        (Tensor gatheredK, Tensor gatheredV) = (Empty(new TensorShape(80, kvHeads, headDim)), Empty(new TensorShape(80, kvHeads, headDim)));
        Backend.GatherKV(cache, layer, slots, gatheredK, gatheredV);

        float[] Expected(float[] x) => [.. chosen.SelectMany((t, i) => x.Skip(((t * kvHeads) + (i % kvHeads)) * headDim).Take(headDim))
            .Select(value => type == DType.BF16 ? ReferenceKVCache.RoundToBF16(value) : value)];
        Assert.That(Download(gatheredK), Is.EqualTo(Expected(k)));
        Assert.That(Download(gatheredV), Is.EqualTo(Expected(v)));
        Refused(() => Backend.GatherKV(cache, 2, slots, gatheredK, gatheredV), "layer");
        Refused(() => Backend.GatherKV(cache, layer, slots, gatheredK.Slice(0, 79), gatheredV.Slice(0, 79)), "rows");
        Backend.Upload<int>([.. Enumerable.Repeat(80, 80 * kvHeads)], slots);
        Refused(() => Backend.GatherKV(cache, layer, slots, gatheredK, gatheredV), "slot outside the cache");
    }

    [Test]
    public void GatherKV_OfACacheOfBytes_IsAsNearAsBytesAre([Values(8, 15, 24, 64, 80, 128)] int headDim, [Values(16, 64)] int pageSize)
    {
        NeedsCache(DType.Q8_0);
        const int tokens = 70, kvHeads = 2;
        int[] pages = [4, 0, 3, 1, 2];
        AttentionBatch batch = new() { PageSize = pageSize };
        batch.AddSequence(pages, tokens, tokens);
        using AttentionPlan plan = Backend.CreatePlan();
        Backend.Plan(plan, batch);
        using KVCacheStorage cache = Backend.AllocateKVCache(new KVCacheShape(1, 5, pageSize, kvHeads, headDim, DType.Q8_0));
        float[] k = TestData.Normal(tokens * kvHeads * headDim, seed: 73), v = TestData.Normal(tokens * kvHeads * headDim, seed: 74);
        k.AsSpan(0, headDim).Clear();
        v.AsSpan(headDim, headDim).Clear();
        k[(5 * headDim) + 3] = 90; // alone: the others keep their bits
        TensorShape stored = new(tokens, kvHeads, headDim);
        Backend.AppendKV(Upload(k, stored), Upload(v, stored), cache, 0, plan);
        Tensor slots = Empty(new TensorShape(tokens, kvHeads), DType.I32);
        Backend.Upload<int>([.. Enumerable.Range(0, tokens * kvHeads).Select(i => (pages[i / kvHeads / pageSize] * pageSize) + (i / kvHeads % pageSize))], slots);
        (Tensor gatheredK, Tensor gatheredV) = (Empty(stored), Empty(stored));
        Backend.GatherKV(cache, 0, slots, gatheredK, gatheredV);
        (float[] keys, float[] values) = (Download(gatheredK), Download(gatheredV));
        for (int i = 0; i < tokens * kvHeads; i++)
        {
            float[] key = k[(i * headDim)..((i + 1) * headDim)], value = v[(i * headDim)..((i + 1) * headDim)];
            double step = value.Max(Math.Abs) / 127.0;
            Assert.That(values[(i * headDim)..((i + 1) * headDim)].Zip(value, (x, y) => Math.Abs(x - y)), Is.All.LessThanOrEqualTo((0.5001 * step) + 1e-20));
            double error = Distance(keys[(i * headDim)..((i + 1) * headDim)], key);
            double allowed = Distance(ReferenceKVCache.Rounded(key, DType.Q8_0, isKey: true), key);
            Assert.That(error, Is.LessThanOrEqualTo((1.001 * allowed) + 1e-6));
        }

        Backend.AppendKV(gatheredK, gatheredV, cache, 0, plan);
        Backend.GatherKV(cache, 0, slots, gatheredK, gatheredV);
        AssertClose(Download(gatheredK), [.. keys.Select(x => (double)x)], absolute: 1e-5, relative: 1e-5);
        AssertClose(Download(gatheredV), [.. values.Select(x => (double)x)], absolute: 1e-6, relative: 1e-6);

        static double Distance(float[] x, float[] y) => Math.Sqrt(x.Zip(y, (a, b) => (double)(a - b) * (a - b)).Sum());
    }

    [Test]
    public void Attention_ChunksAndBatches_SameBits([Values(DType.F32, DType.BF16, DType.Q8_0)] DType type, [Values(0, 90)] int window)
    {
        NeedsCache(type);
        AttentionScenario scenario = new()
        {
            Lengths = [200, 3, 129], QHeads = 6, KVHeads = 2, HeadDim = 32, Type = type, Parameters = new AttentionParameters(0.2f, Window: window),
        };
        (float[] output, float[] lse) = scenario.Run(Backend, chunk: 1000);
        foreach (int chunk in (int[])[1, 7, 64])
        {
            (float[] chunked, float[] chunkedLse) = scenario.Run(Backend, chunk);
            Assert.That(chunked, Is.EqualTo(output), $"chunks of {chunk}");
            Assert.That(chunkedLse, Is.EqualTo(lse), $"chunks of {chunk}");
        }

        (float[] alone, _) = scenario.Run(Backend, chunk: 33, sequences: [2]);
        int last = 203 * 6 * 32;
        Assert.That(alone[last..], Is.EqualTo(output[last..]), "without the other sequences");
    }

    [Test]
    public void MergeStates_AttentionOverPartsOfTheKeys_IsAttentionOverAll()
    {
        AttentionScenario whole = new() { Lengths = [100], HeadDim = 16, Mask = AttentionMask.Full };
        (double[] expected, double[] expectedLse) = whole.Expected(chunk: 100);
        (float[] early, float[] earlyLse) = new AttentionScenario { Lengths = [100], HeadDim = 16, Mask = AttentionMask.Full, KeyCount = 60 }.Run(Backend, 100);
        (float[] late, float[] lateLse) = new AttentionScenario { Lengths = [100], HeadDim = 16, Mask = AttentionMask.Full, KeyStart = 60 }.Run(Backend, 100);
        Tensor output = Upload(early, new TensorShape(100, 4, 16));
        Tensor lse = Upload(earlyLse, new TensorShape(100, 4));
        Backend.MergeStates(output, lse, Upload(late, new TensorShape(100, 4, 16)), Upload(lateLse, new TensorShape(100, 4)));
        AssertClose(Download(output), expected, absolute: 2e-6, relative: 2e-6);
        AssertClose(Download(lse), expectedLse, absolute: 2e-6, relative: 1e-6);
    }

    [Test]
    public void MergeStates_ExtremeStates_AreWeighedByTheirLse()
    {
        float none = float.NegativeInfinity;
        (float Lse, float Other)[] cases = [(none, none), (none, 3), (3, none), (100, -100), (-100, 100), (100, 100), (-100, -100), (0, 1)];
        const int headDim = 5;
        int n = cases.Length;
        float[] x = TestData.Normal(n * headDim, seed: 1);
        float[] y = TestData.Normal(n * headDim, seed: 2);
        double[] expected = new double[n * headDim];
        double[] expectedLse = new double[n];
        for (int row = 0; row < n; row++)
        {
            (double a, double b) = cases[row];
            double max = Math.Max(a, b);
            bool empty = double.IsNegativeInfinity(max);
            (double w1, double w2) = empty ? (1, 0) : (Math.Exp(a - max), Math.Exp(b - max));
            expectedLse[row] = empty ? max : max + Math.Log(w1 + w2);
            for (int i = row * headDim; i < (row + 1) * headDim; i++)
            {
                expected[i] = ((x[i] * w1) + (y[i] * w2)) / (w1 + w2);
            }
        }

        Tensor output = Upload(x, new TensorShape(n, 1, headDim));
        Tensor lse = Upload([.. cases.Select(c => c.Lse)], new TensorShape(n, 1));
        Backend.MergeStates(output, lse, Upload(y, new TensorShape(n, 1, headDim)), Upload([.. cases.Select(c => c.Other)], new TensorShape(n, 1)));
        AssertClose(Download(output), expected, absolute: 1e-6);
        AssertClose(Download(lse), expectedLse, absolute: 1e-6, relative: 1e-6);
    }

    private void CheckAttention(AttentionScenario scenario, int[]? chunks = null, bool relativeScores = false)
    {
        foreach (int chunk in chunks ?? [11, 1000])
        {
            (double[] expected, double[] expectedLse) = scenario.Expected(chunk);
            (float[] output, float[] lse) = scenario.Run(Backend, chunk);
            // A weight rounded to bfloat16 is off by 2⁻⁹ of itself at most; a mean of values up to 4 by twice that of them. A weight in a byte
            // is off by half of a 255th of the page's greatest; one sum in some thousands is rounded the other way than the reference's.
            bool isRounded = scenario.QueryRounding is not null;
            (double most, double mostLse, double rms) = scenario.HasQueriesInBytes ? (0.06, 0.03, 0.003)
                : scenario.Type == DType.Q8_0 ? (0.006, 0.006, 0.0003)
                : isRounded ? (0.016, 0.0021, 0.001)
                : (relativeScores ? 1e-3 : 5e-6, 5e-6, 1);
            AssertClose(output, expected, absolute: most);
            AssertClose(lse, expectedLse, absolute: mostLse, relative: 2e-6);
            double square = output.Zip(expected, (x, y) => (x - y) * (x - y)).Average();
            Assert.That(Math.Sqrt(square), Is.LessThan(rms), "rounding errors mostly cancel");
        }
    }

    private void NeedsCache(DType type) => Assume.That(type != DType.Q8_0 || HasByteCache, "no cache of bytes");

    private Func<float, float>? Rounding(DType cache, int headDim) => RoundsAttention(cache, headDim) ? ReferenceKVCache.RoundToBF16 : null;
}
