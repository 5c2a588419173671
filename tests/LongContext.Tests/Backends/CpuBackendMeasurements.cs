using System.Diagnostics;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>How fast are the kernels here? Medians of interleaved repeats; run on demand, in Release.</summary>
/// <remarks>By the wall clock and by processor time: on a shared machine only the second, with one thread, says what the code does.</remarks>
[TestFixture]
[Explicit("measurement")]
internal sealed class CpuBackendMeasurements
{
    private const int Repeats = 15;

    [Test]
    public void Measure([Values(1, 2)] int threads)
    {
        using CpuBackend backend = new(threads);
        List<(string Name, double Amount, string Unit, Action Run)> works = [];
        foreach (DType type in (DType[])[DType.F32, DType.BF16, DType.F16, DType.Q8_0, DType.Q4_K])
        {
            works.Add(Linear(backend, type, tokens: 512, inFeatures: 2048, outFeatures: 2048));
        }

        works.Add(Linear(backend, DType.F32, tokens: 512, inFeatures: 8192, outFeatures: 2048));
        foreach (DType type in (DType[])[DType.F32, DType.BF16, DType.F16, DType.Q8_0, DType.Q4_0, DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K])
        {
            int outputs = (int)(400_000_000 / BlockFormat.Of(type).ByteCount(4096)); // far more than the last-level cache
            works.Add(Linear(backend, type, tokens: 1, inFeatures: 4096, outFeatures: outputs));
        }

        foreach (DType type in (DType[])[DType.F32, DType.BF16])
        {
            works.Add(Attention(backend, type, tokens: 512, keys: 4096, headDim: 64));
            works.Add(Attention(backend, type, tokens: 512, keys: 4096, headDim: 128));
            works.Add(Attention(backend, type, tokens: 1, keys: 65536, headDim: 64));
        }

        Report(backend.Info.Device, works);
    }

    private static void Report(string device, List<(string Name, double Amount, string Unit, Action Run)> works)
    {
        double[][] times = [.. works.Select(_ => new double[Repeats])];
        double[][] cpuTimes = [.. works.Select(_ => new double[Repeats])];
        works.ForEach(w => w.Run());
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            for (int i = 0; i < works.Count; i++)
            {
                TimeSpan cpuStart = Environment.CpuUsage.TotalTime;
                long start = Stopwatch.GetTimestamp();
                works[i].Run();
                times[i][repeat] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                cpuTimes[i][repeat] = (Environment.CpuUsage.TotalTime - cpuStart).TotalSeconds;
            }
        }

        TestContext.Out.WriteLine(device);
        for (int i = 0; i < works.Count; i++)
        {
            Array.Sort(times[i]);
            Array.Sort(cpuTimes[i]);
            (string name, double amount, string unit, _) = works[i];
            string wall = $"wall median {amount / times[i][Repeats / 2] / 1e9,6:F1} best {amount / times[i][0] / 1e9,6:F1}";
            string cpu = $"processor time median {amount / cpuTimes[i][Repeats / 2] / 1e9,6:F1} best {amount / cpuTimes[i][0] / 1e9,6:F1}";
            TestContext.Out.WriteLine($"{name,-40} {wall}; {cpu} {unit}");
        }
    }

    private static (string Name, double Amount, string Unit, Action Run) Linear(CpuBackend backend, DType type, int tokens, int inFeatures, int outFeatures)
    {
        Tensor weight = TestData.Weight(type, outFeatures, inFeatures, seed: 1);
        Tensor input = backend.Allocate(DType.F32, new TensorShape(tokens, inFeatures));
        backend.Upload<float>(TestData.Normal(input.Shape.ElementCount, seed: 2), input);
        Tensor output = backend.Allocate(DType.F32, new TensorShape(tokens, outFeatures));
        (double amount, string unit) = tokens == 1 ? (weight.ByteCount, "GB/s") : (2.0 * tokens * inFeatures * outFeatures, "GFLOP/s");
        return ($"linear {type} {tokens}x{inFeatures}x{outFeatures}", amount, unit, () => backend.Linear(input, weight, default, output));
    }

    /// <summary>The two precisions over one layer's widest product, and over weights far larger than the caches for one row.</summary>
    [Test]
    public void MeasurePrecisions([Values(1, 2)] int threads)
    {
        using CpuBackend float32 = new(threads);
        using CpuBackend auto = new(threads, ModelPrecision.Auto);
        List<(string Name, double Amount, string Unit, Action Run)> works = [];
        foreach (DType type in (DType[])[DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K])
        {
            works.AddRange(Both(type, 512, 2048, 8192));
        }

        works.AddRange(Both(DType.Q8_0, 512, 8192, 2048));

        foreach (DType type in (DType[])[DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K])
        {
            works.AddRange(Both(type, 1, 2048, (int)(100_000_000 / BlockFormat.Of(type).ByteCount(2048))));
        }

        foreach (int tokens in (int[])[2, 4, 8, 16])
        {
            works.AddRange(Both(DType.Q8_0, tokens, 2048, 8192));
        }

        Report(float32.Info.Device + " / " + auto.Info.Device, works);

        IEnumerable<(string, double, string, Action)> Both(DType type, int tokens, int inFeatures, int outFeatures)
        {
            (string name, double amount, string unit, Action run) = Linear(float32, type, tokens, inFeatures, outFeatures);
            yield return (name + " float32", amount, unit, run);
            (name, amount, unit, run) = Linear(auto, type, tokens, inFeatures, outFeatures);
            yield return (name + " auto", amount, unit, run);
        }
    }

    /// <summary>From few rows to many: is there a cliff?</summary>
    [Test]
    public void MeasureRows([Values(1, 2)] int threads)
    {
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        List<(string Name, double Amount, string Unit, Action Run)> works = [];
        foreach (DType type in (DType[])[DType.Q8_0, DType.Q4_K, DType.BF16])
        {
            works.AddRange(((int[])[16, 24, 32, 33, 40, 48, 64, 96, 128, 256, 512]).Select(tokens => Linear(backend, type, tokens, 2048, 8192)));
            works.Add(Linear(backend, type, 512, 8192, 2048));
        }

        Report(backend.Info.Device, works);
    }

    /// <summary>Attention in both precisions beside the processor's bfloat16 dot products and its memory.</summary>
    [Test]
    public void MeasureAttention([Values(1, 2)] int threads)
    {
        using CpuBackend float32 = new(threads);
        using CpuBackend auto = new(threads, ModelPrecision.Auto);
        List<(string Name, double Amount, string Unit, Action Run)> works = [DotProducts()];
        foreach (int headDim in (int[])[64, 128])
        {
            works.AddRange(Both(tokens: 1024, keys: 8192, headDim));
            works.AddRange(Both(tokens: 1, keys: 262_144, headDim)); // 128 MB and more
        }

        Report(float32.Info.Device + " / " + auto.Info.Device, works);

        IEnumerable<(string, double, string, Action)> Both(int tokens, int keys, int headDim)
        {
            foreach ((CpuBackend backend, DType type) in ((CpuBackend, DType)[])[(float32, DType.BF16), (auto, DType.BF16), (auto, DType.Q8_0)])
            {
                (string name, double amount, string unit, Action run) = Attention(backend, type, tokens, keys, headDim);
                yield return (name + (backend == auto ? " auto" : " float32"), amount, unit, run);
            }
        }
    }

    /// <summary>Attention over every type of cache, as a layer of Llama-3.2-1B has it at the end of 16,384 tokens: a chunk of prefill, and a decode step.</summary>
    [Test]
    public void MeasureCacheTypes()
    {
        using CpuBackend auto = new(1, ModelPrecision.Auto);
        List<(string Name, double Amount, string Unit, Action Run)> works = [];
        foreach (int tokens in (int[])[512, 1])
        {
            foreach (DType type in (DType[])[DType.F32, DType.BF16, DType.Q8_0])
            {
                works.Add(Attention(auto, type, tokens, 16_384, 64));
            }
        }

        Report(auto.Info.Device, works);
    }

    /// <summary>What one core can do at most: dot products of registers, 24 sums at once.</summary>
    private static unsafe (string Name, double Amount, string Unit, Action Run) DotProducts()
    {
        const int sums = 24, rounds = 1_000_000;
        Assembler a = new();
        Label round = new();
        for (int i = 0; i < 32; i++)
        {
            a.Vpxord(new(i), new(i), new(i));
        }

        a.Place(round);
        for (int i = 0; i < sums; i++)
        {
            a.Vdpbf16ps(new(i), new(30), new VectorRegister(31));
        }

        a.Sub(GeneralRegister.Rdi, 1);
        a.Jcc(Condition.NotEqual, round);
        a.Vzeroupper();
        a.Ret();
        nint code = (nint)ExecutableMemory.Place(a.Assemble());
        return ("vdpbf16ps, one thread", 64.0 * sums * rounds, "GFLOP/s", () => ((delegate* unmanaged<long, void>)code)(rounds));
    }

    private static (string Name, double Amount, string Unit, Action Run) Attention(CpuBackend backend, DType type, int tokens, int keys, int headDim)
    {
        const int qHeads = 8, kvHeads = 2;
        AttentionBatch batch = new() { PageSize = 64 };
        batch.AddSequence([.. Enumerable.Range(0, keys / 64)], keys, keys);
        KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, keys / 64, 64, kvHeads, headDim, type));
        AttentionPlan plan = backend.CreatePlan();
        backend.Plan(plan, batch);
        Tensor kv = backend.Allocate(DType.F32, new TensorShape(keys, kvHeads, headDim));
        backend.Upload<float>(TestData.Normal(kv.Shape.ElementCount, seed: 3), kv);
        backend.AppendKV(kv, kv, cache, 0, plan);
        kv.Storage.Dispose();

        batch.Clear();
        batch.AddSequence([.. Enumerable.Range(0, keys / 64)], keys, tokens);
        batch.AddItem(new AttentionItem(0, 0, tokens, 0, keys, AttentionMask.Causal, keys - tokens));
        backend.Plan(plan, batch);
        Tensor q = backend.Allocate(DType.F32, new TensorShape(tokens, qHeads, headDim));
        backend.Upload<float>(TestData.Normal(q.Shape.ElementCount, seed: 4), q);
        Tensor output = backend.Allocate(DType.F32, q.Shape);
        AttentionParameters parameters = new(0.125f);
        double pairs = ((double)tokens * keys) - (tokens * (tokens - 1.0) / 2);
        double bytes = cache.ByteCount;
        (double amount, string unit) = tokens == 1 ? (bytes, "GB/s") : (4.0 * pairs * qHeads * headDim, "GFLOP/s");
        return ($"attention {type} {tokens}x{keys} d={headDim}", amount, unit,
            () => backend.Attention(q, cache, 0, plan, parameters, output, default));
    }
}
