using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

internal abstract partial class BackendConformance
{
    [Test]
    public void Linear_EveryTypeAndSize_IsTheSumOfProducts(
        [ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type, [Values(1, 2, 7, 20)] int tokens)
    {
        int block = BlockFormat.Of(type).ElementsPerBlock;
        int[] inputs = block == 1 ? [3, 8, 33, 172, 512] : [block, 3 * block];
        foreach (int inFeatures in inputs)
        {
            foreach (int outFeatures in (int[])[1, 6, 37])
            {
                CheckLinear(type, tokens, inFeatures, outFeatures);
            }
        }
    }

    [Test]
    public void Linear_WideLayer_IsTheSumOfProducts([Values(DType.F32, DType.BF16, DType.Q8_0, DType.Q4_K)] DType type)
    {
        CheckLinear(type, tokens: 13, inFeatures: 2048, outFeatures: 131);
    }

    [Test]
    public void Linear_RowsAloneOrTogether_SameBits([ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type)
    {
        const int tokens = 29, inFeatures = 768, outFeatures = 43;
        Tensor weight = Import(TestData.Weight(type, outFeatures, inFeatures, seed: 11));
        Tensor input = Upload(TestData.Normal(tokens * inFeatures, seed: 12), new TensorShape(tokens, inFeatures));
        Tensor together = Empty(new TensorShape(tokens, outFeatures));
        Backend.Linear(input, weight, default, together);
        float[] expected = Download(together);

        foreach (int chunk in (int[])[1, 2, 5, 7, 12])
        {
            Tensor output = Empty(new TensorShape(tokens, outFeatures));
            for (int start = 0; start < tokens; start += chunk)
            {
                int count = Math.Min(chunk, tokens - start);
                Backend.Linear(input.Slice(start, count), weight, default, output.Slice(start, count));
            }

            Assert.That(Download(output), Is.EqualTo(expected), $"chunks of {chunk}");
        }
    }

    [Test]
    public void Linear_SubnormalAndExtremeHalves_AreExact()
    {
        Half[] halves = [Half.Epsilon, -Half.Epsilon, (Half)6.0e-5, Half.MaxValue, Half.MinValue, (Half)0, (Half)1, (Half)(-2.5)];
        Tensor host = TestData.Place(System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>(halves), DType.F16, new TensorShape(8, 1));
        Tensor wide = TestData.Place(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>([.. halves, .. halves, .. halves, .. halves]), DType.F16, new TensorShape(1, 32));
        Tensor output = Empty(new TensorShape(1, 8));
        Backend.Linear(Upload([1], new TensorShape(1, 1)), Import(host), default, output);
        Assert.That(Download(output), Is.EqualTo(halves.Select(h => LinearOperand((double)h, DType.F16))));

        Tensor weight = Import(wide);
        for (int i = 0; i < 8; i++)
        {
            float[] unit = new float[32];
            unit[16 + i] = 1;
            Tensor single = Empty(new TensorShape(1, 1));
            Backend.Linear(Upload(unit, new TensorShape(1, 32)), weight, default, single);
            Assert.That(Download(single)[0], Is.EqualTo(LinearOperand((double)halves[i], DType.F16)), $"element {i}");
        }
    }

    [Test]
    public void Embedding_EveryType_IsTheScaledRow([ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type)
    {
        int columns = Math.Max(BlockFormat.Of(type).ElementsPerBlock, 9);
        int[] ids = [4, 0, 6, 6, 1];
        Tensor host = TestData.Weight(type, 7, columns, seed: 21);
        double[] table = ReferenceDequantizer.Decode(host.HostSpan<byte>(), host.Type);
        foreach (float scale in (float[])[1, 13.5f])
        {
            Tensor output = Empty(new TensorShape(ids.Length, columns));
            Backend.Embedding(Import(host), Upload(ids), scale, output);
            double[] expected = [.. ids.SelectMany(id => table.Skip(id * columns).Take(columns)).Select(x => x * scale)];
            AssertClose(Download(output), expected, absolute: 1e-9, relative: 3e-7);
        }
    }

    [Test]
    public void Embedding_IdOutsideTheTable_IsRefused([Values(-1, 7)] int id)
    {
        Tensor table = Import(TestData.Weight(DType.F32, 7, 8, seed: 21));
        Assert.That(
            () => Backend.Embedding(table, Upload([0, id]), 1, Empty(new TensorShape(2, 8))), Throws.InstanceOf<ArgumentException>());
    }

    private void CheckLinear(DType type, int tokens, int inFeatures, int outFeatures)
    {
        Tensor host = TestData.Weight(type, outFeatures, inFeatures, seed: inFeatures + outFeatures);
        double[] w = [.. ReferenceDequantizer.Decode(host.HostSpan<byte>(), host.Type).Select(value => LinearOperand(value, type))];
        float[] x = TestData.Normal(tokens * inFeatures, seed: tokens);
        double[] inputs = LinearInputs(x, type);
        float[] bias = TestData.Normal(outFeatures, seed: 3);
        Tensor weight = Import(host);
        foreach (bool withBias in (bool[])[false, true])
        {
            Tensor output = Empty(new TensorShape(tokens, outFeatures));
            Tensor biasTensor = withBias ? Upload(bias, new TensorShape(outFeatures)) : default;
            Backend.Linear(Upload(x, new TensorShape(tokens, inFeatures)), weight, biasTensor, output);
            float[] actual = Download(output);
            for (int t = 0; t < tokens; t++)
            {
                for (int o = 0; o < outFeatures; o++)
                {
                    double sum = withBias ? bias[o] : 0;
                    double magnitude = Math.Abs(sum);
                    for (int i = 0; i < inFeatures; i++)
                    {
                        sum += inputs[(t * inFeatures) + i] * w[(o * inFeatures) + i];
                        magnitude += Math.Abs(inputs[(t * inFeatures) + i] * w[(o * inFeatures) + i]);
                    }

                    double error = Math.Abs(actual[(t * outFeatures) + o] - sum);
                    if (!(error <= 1e-6 * magnitude))
                    {
                        Assert.Fail($"{type} [{tokens}, {inFeatures}] to {outFeatures}, row {t}, output {o}: off by {error:E2} of {magnitude:E2}.");
                    }
                }
            }
        }
    }
}
