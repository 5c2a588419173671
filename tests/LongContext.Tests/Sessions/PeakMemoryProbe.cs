using System.Globalization;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Run by <see cref="LongPromptTests"/> in a process of its own, whose peak is nobody else's.</summary>
/// <remarks>
/// The baseline is the resident memory after a short session of the same model came and went, and no more code was compiled: the runtime,
/// compiled code, and the test host with its first report of progress.
/// What the long session's peak (VmHWM) has on top is what the estimate promises: weights, cache, activations.
/// </remarks>
[TestFixture]
internal sealed class PeakMemoryProbe
{
    private const int Tokens = 131_072;
    private const double Tolerance = 0.05;

    internal static string ReportFile { get; } = Path.Combine(AppContext.BaseDirectory, "peak-memory.txt");

    [Test]
    public async Task Peak_Of131072Tokens_IsTheEstimate()
    {
        if (!TestProcess.IsChild)
        {
            Assert.Ignore("Only in a child of LongPromptTests.");
        }

        using TemporaryFolder folder = new();
        string model = folder.File("m.gguf");
        GoldenGguf.Write(model, LongPromptTests.Shape, DType.BF16, seed: 1);
        await Read(model, 1_200);
        await CompiledCode.Settle();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        long baseline = Status("VmRSS:");
        (MemoryEstimate estimate, TimeSpan time) = await Read(model, Tokens);
        long peak = Status("VmHWM:") - baseline;
        double ratio = (double)peak / estimate.TotalBytes;
        await File.WriteAllTextAsync(ReportFile, string.Create(
            CultureInfo.InvariantCulture,
            $"{Tokens} tokens in {time.TotalSeconds:F1} s; peak {peak / 1e6:F1} MB over a baseline of {baseline / 1e6:F1} MB; estimate " +
            $"{estimate.WeightBytes / 1e6:F1} weights + {estimate.KVCacheBytes / 1e6:F1} cache + {estimate.ActivationBytes / 1e6:F1} activations; ratio {ratio:F3}"));
        Assert.That(ratio, Is.InRange(1 - Tolerance, 1 + Tolerance));
    }

    private static async Task<(MemoryEstimate Estimate, TimeSpan Time)> Read(string model, int tokens)
    {
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(model).UseContextLength(tokens + 8).UseKVCacheType(KVCacheType.Float32).UseAllRowsOfTheLastLayer().Build();
        int[] prompt = [.. Enumerable.Range(0, tokens).Select(t => (int)((uint)t * 2654435761u % 316))];
        GenerationResult result = await session.GenerateAsync(
            Prompt.FromTokens(prompt), new GenerationOptions { MaxNewTokens = 8, EndOfSequence = EndOfSequenceHandling.Ignore });
        Assert.That(result.Usage.PromptTokens, Is.EqualTo(tokens));
        Assert.That(result.TokenIds, Has.Count.EqualTo(8));
        return (session.EstimateMemory(session.ContextLength), result.Usage.TotalTime);
    }

    /// <summary>A line such as <c>VmHWM:   12345 kB</c>, in bytes.</summary>
    private static long Status(string label)
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(label, StringComparison.Ordinal));
        return long.Parse(line[label.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }
}
