using LongContext.Backends;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using LongContext.Training;
using NUnit.Framework;

namespace LongContext.Tests.Training;

[TestFixture]
internal sealed class HeadNetworkTests
{
    private const int Inputs = 12, Width = 7, Outputs = 3, Rows = 9;

    [Test]
    public void Gradient_OfEveryWeight_IsTheSlopeOfTheLoss([Values] Activation activation, [Values] ModelBackend kind)
    {
        using IBackend backend = kind.Create();
        using HeadNetwork network = new(backend, activation, Inputs, Width, Outputs, new Random(4));
        float[] x = TestData.Normal(Rows * Inputs, seed: 1);
        float[] labels = TestData.Normal(Rows * Outputs, seed: 2, spread: 1.5); // some terms in either branch of the smooth L1
        const double perElement = 0.7, perPair = 0.3;
        network.Begin();
        float[] scores = new float[Rows * Outputs];
        double loss = network.Accumulate(x, Rows, labels, perElement, perPair, scores);

        Assert.That(loss, Is.EqualTo(Loss(network.First, network.Second, x, labels, activation, perElement, perPair)).Within(1e-5));
        foreach ((float[] weights, float[] gradient) in ((float[], float[])[])
            [(network.First, network.FirstGradient), (network.Second, network.SecondGradient)])
        {
            for (int i = 0; i < weights.Length; i++)
            {
                const float step = 1e-3f;
                float kept = weights[i];
                weights[i] = kept + step;
                double above = Loss(network.First, network.Second, x, labels, activation, perElement, perPair);
                double up = weights[i];
                weights[i] = kept - step;
                double below = Loss(network.First, network.Second, x, labels, activation, perElement, perPair);
                double slope = (above - below) / (up - weights[i]);
                weights[i] = kept;
                Assert.That(gradient[i], Is.EqualTo(slope).Within(2e-4 + (2e-4 * Math.Abs(slope))), $"weight {i} of {weights.Length}");
            }
        }
    }

    [Test]
    public void Accumulate_RowsInTwoPieces_AddsTheirGradients()
    {
        using IBackend backend = ModelBackend.Cpu.Create();
        using HeadNetwork network = new(backend, Activation.Silu, Inputs, Width, Outputs, new Random(4));
        float[] x = TestData.Normal(Rows * Inputs, seed: 1), labels = TestData.Normal(Rows * Outputs, seed: 2), scores = new float[Rows * Outputs];
        network.Begin();
        double whole = network.Accumulate(x, Rows, labels, 1, 0, scores);
        float[] gradient = [.. network.FirstGradient];
        network.Begin();
        double parts = network.Accumulate(x.AsSpan(0, 4 * Inputs), 4, labels.AsSpan(0, 4 * Outputs), 1, 0, scores)
            + network.Accumulate(x.AsSpan(4 * Inputs), Rows - 4, labels.AsSpan(4 * Outputs), 1, 0, scores);
        Assert.That(parts, Is.EqualTo(whole).Within(1e-6));
        Assert.That(network.FirstGradient, Is.EqualTo(gradient).Within(1e-5f));
    }

    [Test]
    public void Update_OfAdamW_IsItsDefinition()
    {
        const double rate = 0.01, decay = 0.1, beta1 = 0.9, beta2 = 0.95;
        AdamW optimizer = new(1);
        float[] weight = [0.5f];
        double expected = 0.5, mean = 0, square = 0;
        for (int step = 1; step <= 20; step++)
        {
            double g = Math.Sin(step);
            optimizer.Update(weight, [(float)g], rate, decay, step);
            mean = (beta1 * mean) + ((1 - beta1) * g);
            square = (beta2 * square) + ((1 - beta2) * g * g);
            expected -= rate * decay * expected;
            expected -= rate * (mean / (1 - Math.Pow(beta1, step))) / (Math.Sqrt(square / (1 - Math.Pow(beta2, step))) + 1e-8);
            Assert.That(weight[0], Is.EqualTo(expected).Within(1e-5));
        }
    }

    [Test]
    public void Rate_OverTheSteps_RisesThenFallsToNothing()
    {
        RetainingHeadTrainingOptions options = new() { Steps = 100, WarmUpSteps = 10, LearningRate = 2 };
        Assert.That(HeadTraining.RateOf(0, options), Is.EqualTo(0.2).Within(1e-6));
        Assert.That(HeadTraining.RateOf(9, options), Is.EqualTo(2).Within(1e-6));
        Assert.That(HeadTraining.RateOf(55, options), Is.EqualTo(1).Within(1e-6));
        Assert.That(HeadTraining.RateOf(99, options), Is.EqualTo(2 / 90.0).Within(1e-6));
    }

    /// <summary>The loss by its definition, in doubles.</summary>
    private static double Loss(float[] first, float[] second, float[] x, float[] labels, Activation activation, double perElement, double perPair)
    {
        double[,] s = new double[Rows, Outputs];
        for (int row = 0; row < Rows; row++)
        {
            double[] active = [.. Enumerable.Range(0, Width).Select(w => ReferenceMath.Activate(
                Enumerable.Range(0, Inputs).Sum(i => (double)first[(w * Inputs) + i] * x[(row * Inputs) + i]), activation))];
            for (int o = 0; o < Outputs; o++)
            {
                s[row, o] = active.Select((a, w) => a * second[(o * Width) + w]).Sum();
            }
        }

        double loss = 0;
        for (int row = 0; row < Rows; row++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                double d = Math.Abs(s[row, o] - labels[(row * Outputs) + o]);
                loss += perElement * (d < 1 ? d * d / 2 : d - 0.5);
                loss += row == 0 ? 0 : perPair * Math.Pow(s[row, o] - s[row - 1, o], 2);
            }
        }

        return loss;
    }
}
