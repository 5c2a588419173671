using System.Diagnostics;
using System.Globalization;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>On demand: how cost and memory grow with the prompt, on a random model small enough for a minute or two.</summary>
[TestFixture]
[NonParallelizable]
[CancelAfter(1_200_000)]
internal sealed class LongPromptTests
{
    private const double Tolerance = 0.15;

    /// <summary>One layer of four query heads and as many of keys and values: 4 KB of F32 cache a token.</summary>
    internal static GoldenShape Shape { get; } = GoldenShapes.Tiny with
    {
        HiddenSize = 256, Layers = 1, QHeads = 4, KVHeads = 4, HeadDim = 64, FeedForward = 1_024, Context = 262_144,
    };

    [Test]
    public async Task PrefillTime_From512To32768Tokens_IsLinearPlusQuadratic()
    {
        LongTests.Require();
        using TemporaryFolder folder = new();
        GoldenGguf.Write(folder.File("m.gguf"), Shape, DType.BF16, seed: 1);
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(folder.File("m.gguf")).UseCpu(threads: 1).UseContextLength(32_768)
            .UsePrefixReuse(PrefixReuse.Disabled).UseAllRowsOfTheLastLayer().Build();
        int[] lengths = [512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768];
        double[] seconds = new double[lengths.Length];
        for (int i = 0; i < 10; i++)
        {
            await Measure(session, 2_048); // calls enough for what is compiled again to be compiled again
        }

        await CompiledCode.Settle();
        for (int i = 0; i < lengths.Length; i++)
        {
            seconds[i] = double.MaxValue;
            for (int repeat = 0; repeat < 5; repeat++)
            {
                seconds[i] = Math.Min(seconds[i], await Measure(session, lengths[i]));
            }
        }

        (double a, double b) = Fit(lengths, seconds);
        TestContext.Out.WriteLine($"seconds = {a:E3} n + {b:E3} n²");
        TestContext.Out.WriteLine("| tokens | tokens/s of processor time | as fitted | deviation |");
        TestContext.Out.WriteLine("|---|---|---|---|");
        double[] deviations = [.. lengths.Zip(seconds, (n, t) => (t / ((a * n) + (b * n * n))) - 1)];
        for (int i = 0; i < lengths.Length; i++)
        {
            double fitted = lengths[i] / ((a * lengths[i]) + (b * lengths[i] * lengths[i]));
            TestContext.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {lengths[i]} | {lengths[i] / seconds[i]:F0} | {fitted:F0} | {deviations[i]:P1} |"));
        }

        Assert.That(deviations, Is.All.InRange(-Tolerance, Tolerance));
        Assert.That((a, b), Is.EqualTo((Math.Max(a, 0), Math.Max(b, 0))), "neither term is negative");
    }

    [Test]
    public void PeakMemory_Of131072Tokens_IsTheEstimate()
    {
        LongTests.Require();
        if (TestProcess.IsChild)
        {
            Assert.Ignore("This is the child.");
        }

        Assert.That(TestProcess.Run($"FullyQualifiedName~{nameof(PeakMemoryProbe)}"), Is.EqualTo(1));
        TestContext.Out.WriteLine(File.ReadAllText(PeakMemoryProbe.ReportFile));
        File.Delete(PeakMemoryProbe.ReportFile);
    }

    /// <summary>Processor seconds of one prefill on one thread: other programs on the machine do not count.</summary>
    /// <remarks>The system counts in ticks of some milliseconds: short prompts are read so often that a tick does not matter.</remarks>
    private static async Task<double> Measure(InferenceSession session, int tokens)
    {
        int times = Math.Max(1, 16_384 / tokens);
        int[] prompt = [.. Enumerable.Range(0, tokens).Select(t => (int)((uint)t * 2654435761u % 316))];
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        for (int i = 0; i < times; i++)
        {
            await session.ComputeLogitsAsync(Prompt.FromTokens(prompt));
        }

        process.Refresh();
        return (process.TotalProcessorTime - before).TotalSeconds / times;
    }

    /// <summary>Least squares of the relative deviations.</summary>
    private static (double A, double B) Fit(int[] lengths, double[] seconds)
    {
        (double xx, double xy, double yy, double x, double y) = (0, 0, 0, 0, 0);
        foreach ((int n, double t) in lengths.Zip(seconds))
        {
            (double p, double q) = (n / t, (double)n * n / t);
            (xx, xy, yy, x, y) = (xx + (p * p), xy + (p * q), yy + (q * q), x + p, y + q);
        }

        double determinant = (xx * yy) - (xy * xy);
        return (((x * yy) - (y * xy)) / determinant, ((y * xx) - (x * xy)) / determinant);
    }
}
