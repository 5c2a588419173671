using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Loading;

/// <summary>The test's encoders and double-precision decoders agree: an encoded value is the original within the format's step.</summary>
[TestFixture]
internal sealed class QuantizerTests
{
    // Half a step of the coarsest block, relative to the block's largest value, with room for rounded scales.
    [TestCase(DType.F32, 0)]
    [TestCase(DType.F16, 0.0005)]
    [TestCase(DType.BF16, 0.004)]
    [TestCase(DType.Q8_0, 0.0045)]
    [TestCase(DType.Q4_0, 0.13)]
    [TestCase(DType.Q4_1, 0.07)]
    [TestCase(DType.Q5_0, 0.065)]
    [TestCase(DType.Q5_1, 0.034)]
    [TestCase(DType.Q4_K, 0.09)]
    [TestCase(DType.Q5_K, 0.06)]
    [TestCase(DType.Q6_K, 0.025)]
    public void EncodeDecode_RandomValues_StayWithinTheStep(DType type, double bound)
    {
        Random random = new(7);
        float[] values = new float[4_096];
        for (int i = 0; i < values.Length; i++)
        {
            float size = 1 + (i / 256); // blocks of different magnitude
            values[i] = size * ((2 * random.NextSingle()) - 1);
        }

        double[] decoded = ReferenceDequantizer.Decode(Quantizer.Encode(values, type), type);

        double worst = values.Select((v, i) => Math.Abs(v - decoded[i]) / (1 + (i / 256))).Max();
        TestContext.Out.WriteLine($"{worst:G3}");
        Assert.That(worst, Is.LessThanOrEqualTo(bound));
    }

    [TestCase(DType.Q8_0)]
    [TestCase(DType.Q4_0)]
    [TestCase(DType.Q4_1)]
    [TestCase(DType.Q5_0)]
    [TestCase(DType.Q5_1)]
    [TestCase(DType.Q4_K)]
    [TestCase(DType.Q5_K)]
    [TestCase(DType.Q6_K)]
    public void EncodeDecode_Zeros_AreZeros(DType type)
    {
        Assert.That(ReferenceDequantizer.Decode(Quantizer.Encode(new float[256], type), type), Is.All.Zero);
    }
}
