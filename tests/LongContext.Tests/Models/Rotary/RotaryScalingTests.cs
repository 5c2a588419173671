using LongContext.Models.Rotary;
using NUnit.Framework;

namespace LongContext.Tests.Models.Rotary;

[TestFixture]
internal sealed class RotaryScalingTests
{
    [Test]
    public void InverseFrequencies_Unscaled_AreAGeometricSeries()
    {
        double[] f = new NoScaling().InverseFrequencies(10_000, 8, 0);
        Assert.That(f, Is.EqualTo(new[] { 1, 0.1, 0.01, 0.001 }).Within(1e-15));
    }

    [Test]
    public void InverseFrequencies_Linear_AreDivided() =>
        Assert.That(new LinearScaling(4).InverseFrequencies(10_000, 8, 0), Is.EqualTo(new[] { 0.25, 0.025, 0.0025, 0.00025 }).Within(1e-15));

    [Test]
    public void InverseFrequencies_Llama3_KeepShortWavesAndStretchLongOnes()
    {
        // Llama 3.1 8B: wavelengths below 8192/4 stay, above 8192 are stretched eightfold.
        double[] plain = new NoScaling().InverseFrequencies(500_000, 128, 0);
        double[] scaled = new Llama3Scaling(8, 1, 4, 8192).InverseFrequencies(500_000, 128, 0);
        int blended = 0;
        for (int i = 0; i < plain.Length; i++)
        {
            double wavelength = 2 * Math.PI / plain[i];
            if (wavelength < 2048)
            {
                Assert.That(scaled[i], Is.EqualTo(plain[i]).Within(1e-15), $"pair {i}");
            }
            else if (wavelength > 8192)
            {
                Assert.That(scaled[i], Is.EqualTo(plain[i] / 8).Within(1e-15), $"pair {i}");
            }
            else
            {
                blended++;
                Assert.That(scaled[i], Is.InRange(plain[i] / 8, plain[i]), $"pair {i}");
            }
        }

        Assert.That(blended, Is.InRange(1, 10));
    }

    [Test]
    public void InverseFrequencies_Yarn_HaveARampFromPair23To39ForQwen25()
    {
        // 128·ln(32768 / 2π·β) / (2·ln 10⁶): 23.6 for β = 32 and 39.6 for β = 1.
        double[] plain = new NoScaling().InverseFrequencies(1e6, 128, 0);
        double[] scaled = new YarnScaling(4, 32_768).InverseFrequencies(1e6, 128, 0);
        Assert.That(scaled[..24], Is.EqualTo(plain[..24]).Within(1e-15));
        Assert.That(scaled[40..], Is.EqualTo(plain[40..].Select(f => f / 4)).Within(1e-15));
        Assert.That(scaled[31], Is.EqualTo(plain[31] * (1 - (8 / 17.0 * 0.75))).Within(1e-15), "8 of the ramp's 17 steps");
    }

    [Test]
    public void InverseFrequencies_YarnNotTruncated_HaveARampBetweenFractions()
    {
        // gpt-oss: truncate = false, so the ramp starts and ends between two pairs.
        YarnScaling yarn = new(32, 4096) { Truncate = false };
        double low = 64 * Math.Log(4096 / (32 * 2 * Math.PI)) / (2 * Math.Log(150_000));
        double high = 64 * Math.Log(4096 / (2 * Math.PI)) / (2 * Math.Log(150_000));
        int pair = (int)low + 1;
        double ramp = (pair - low) / (high - low);
        double plain = Math.Pow(150_000, -pair / 32.0);
        Assert.That(yarn.InverseFrequencies(150_000, 64, 0)[pair], Is.EqualTo(plain * (1 - (ramp * (1 - (1 / 32.0))))).Within(1e-15));
    }

    [TestCase(1, 1)]
    [TestCase(4, 1.1386294361119891)]
    [TestCase(32, 1.3465735902799727)]
    public void AttentionFactor_OfYarn_GrowsWithTheLogarithm(double factor, double expected) =>
        Assert.That(new YarnScaling(factor, 4096).AttentionFactor, Is.EqualTo(expected).Within(1e-12));

    [TestCase(4096, 2.0)]
    [TestCase(4097, 5.0)]
    public void InverseFrequencies_LongRope_ChooseTheFactorsByTheContext(int context, double divisor)
    {
        LongRopeScaling scaling = new([2.0], [5.0], 4096, 32);
        Assert.That(scaling.InverseFrequencies(10_000, 2, context), Is.EqualTo(new[] { 1 / divisor }).Within(1e-15));
    }
}
