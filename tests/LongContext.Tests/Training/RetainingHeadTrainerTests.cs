using LongContext.Attention;
using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Training;

/// <summary>The whole way from a model and samples to a file of heads.</summary>
[TestFixture]
internal sealed class RetainingHeadTrainerTests
{
    private static readonly AttentionModel Sizes = new(1, 32, 64, 2, 1, 4, Activation.Silu, RotaryLayout.SplitHalves);

    private static string Model => Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model");

    [Test]
    public void Train_InterruptedAndTakenUpAgain_WritesTheSameBytes()
    {
        using TemporaryFolder folder = new();
        (string straight, string interrupted) = (Path.Combine(folder.Path, "a.safetensors"), Path.Combine(folder.Path, "b.safetensors"));
        Train(straight, stopAfter: int.MaxValue);
        Assert.That(() => Train(interrupted, stopAfter: 3), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.Exists(interrupted), Is.False);
        Train(interrupted, stopAfter: int.MaxValue);
        Assert.That(File.ReadAllBytes(interrupted), Is.EqualTo(File.ReadAllBytes(straight)));
        Assert.That(Directory.GetFiles(folder.Path), Is.EquivalentTo(new[] { straight, interrupted }), "no state is left");
    }

    [Test]
    public void Train_StateOfAnotherTraining_IsRefused()
    {
        using TemporaryFolder folder = new();
        string output = Path.Combine(folder.Path, "heads.safetensors");
        Assert.That(() => Train(output, stopAfter: 2), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Train(output, stopAfter: int.MaxValue, width: 9), Throws.TypeOf<ModelFormatException>().With.Message.Contains("another training"));
    }

    [Test]
    public void Train_MoreSteps_LowerTheLoss()
    {
        using TemporaryFolder folder = new();
        List<double> losses = [];
        Train(Path.Combine(folder.Path, "heads.safetensors"), stopAfter: int.MaxValue, steps: 30, losses: losses);
        Assert.That(losses[^5..].Average(), Is.LessThan(0.7 * losses[..5].Average()));
    }

    [Test]
    public void Heads_WithAnyDamage_AreRefusedByName()
    {
        using TemporaryFolder folder = new();
        string Written(Action<Shared.Formats.SafetensorsWriter> fill)
        {
            Shared.Formats.SafetensorsWriter writer = new();
            fill(writer);
            string path = Path.Combine(folder.Path, Guid.NewGuid().ToString());
            writer.Write(path);
            return path;
        }

        string first = RetainingHeadTensors.NameOf(0, 1), second = RetainingHeadTensors.NameOf(0, 2);
        Refused(Written(w => w.Tensor(first, DType.F32, [8, 16], new float[128])), second, "missing");
        Refused(Written(w => w.Tensor(first, DType.F32, [8, 17], new float[136]).Tensor(second, DType.F32, [1, 8], new float[8])), first, "[8, 16]");
        Refused(Written(w => w.Tensor(first, DType.F32, [8, 16], new float[128]).Tensor(second, DType.F32, [2, 8], new float[16])), second, "[1, 8]");
        Refused(Written(w => w.Tensor(first, "I32", [8, 16], new byte[512]).Tensor(second, DType.F32, [1, 8], new float[8])), first, "I32");
        Assert.That(() => RetainingHeadTensors.Open(Path.Combine(folder.Path, "none"), Sizes), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Scores_OfAFile_AreTheTwoLayersFormula([Values] RotaryLayout layout)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "heads.safetensors");
        float[] w1 = TestData.Normal(8 * 16, seed: 1), w2 = TestData.Normal(8, seed: 2), rows = TestData.Normal(3 * 16, seed: 3);
        new Shared.Formats.SafetensorsWriter().Tensor("lm_head.weight", DType.F32, [1, 1], [0f])
            .Tensor(RetainingHeadTensors.NameOf(0, 1), DType.F32, [8, 16], w1)
            .Tensor(RetainingHeadTensors.NameOf(0, 2), DType.F32, [1, 8], w2).Write(path);
        using IBackend backend = ModelBackend.Cpu.Create();
        AttentionModel sizes = Sizes with { RotaryLayout = layout };
        using RetainingHeadTensors tensors = RetainingHeadTensors.Open(path, sizes);
        using RetainingHeads heads = new(tensors, sizes, backend, maxRows: 5);
        float[] scores = new float[3];
        heads.Score(new LayerRows(0, 0, 0, Part(backend, rows, 0, 2, layout), Part(backend, rows, 8, 1, layout), Part(backend, rows, 12, 1, RotaryLayout.SplitHalves)), scores);

        double Silu(double z) => z / (1 + Math.Exp(-z));
        double[] expected = [.. Enumerable.Range(0, 3).Select(t => Enumerable.Range(0, 8).Sum(h =>
            w2[h] * Silu(Enumerable.Range(0, 16).Sum(i => (double)w1[(h * 16) + i] * rows[(t * 16) + i]))))];
        Assert.That(scores.Select(s => (double)s), Is.EqualTo(expected).Within(1e-5));
    }

    /// <summary>Heads of 4 features out of rows of 16, given in the published order and laid out as the model has them.</summary>
    private static Tensor Part(IBackend backend, float[] rows, int start, int heads, RotaryLayout layout)
    {
        int[] order = layout == RotaryLayout.Interleaved ? [0, 2, 1, 3] : [0, 1, 2, 3];
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(3, heads, 4));
        float[] values = [.. Enumerable.Range(0, 3).SelectMany(t => Enumerable.Range(0, heads).SelectMany(h => order.Select(i => rows[(t * 16) + start + (h * 4) + i])))];
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    private static void Refused(string path, string field, string message) =>
        Assert.That(() => RetainingHeadTensors.Open(path, Sizes), Throws.TypeOf<ModelFormatException>()
            .With.Property(nameof(ModelFormatException.Field)).EqualTo(field).And.Message.Contains(message));

    private static void Train(string output, int stopAfter, int width = 8, int steps = 6, List<double>? losses = null)
    {
        RetainingHeadTrainingOptions options = new() { Steps = steps, Width = width, WarmUpSteps = 1, SaveEvery = 2, Seed = 3, LearningRate = 0.01f, Threads = 2 };
        using RetainingHeadTrainer trainer = RetainingHeadTrainer.Open(Model, options);
        using CancellationTokenSource source = new();
        RetainingHeadSample[] samples =
        [
            .. Enumerable.Range(0, 4).Select(i => new RetainingHeadSample(
                trainer.Tokenizer.Encode($"The night was long. [SET][K{i}][V7{i}] The road went on. [SET][K5{i}][V12] And on."),
                [trainer.Tokenizer.Encode($"[GET][K{i}]"), trainer.Tokenizer.Encode($"[GET][K5{i}][V12]")])),
        ];
        trainer.Train(samples, output, new Stops(source, stopAfter, losses), source.Token);
    }

    private sealed class Stops(CancellationTokenSource source, int after, List<double>? losses) : IProgress<RetainingHeadTrainingProgress>
    {
        public void Report(RetainingHeadTrainingProgress value)
        {
            losses?.Add(value.Loss);
            if (value.Step >= after)
            {
                source.Cancel();
            }
        }
    }
}
