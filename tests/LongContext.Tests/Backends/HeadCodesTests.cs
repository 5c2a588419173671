using System.Numerics;
using LongContext.Backends.Cpu.Kernels;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed unsafe class HeadCodesTests
{
    [Test]
    public void Turn_IsTheHadamardMatrixOfEachPowerOfTwo([Values(2, 4, 6, 8, 16, 32, 64, 80, 96, 128, 192, 256)] int headDim)
    {
        Random random = new(headDim);
        float[] x = [.. Enumerable.Range(0, headDim).Select(_ => random.NextSingle() - 0.5f)];
        float[] turned = [.. x];
        fixed (float* features = turned)
        {
            HeadCodes.Turn(features, headDim);
        }

        int block = headDim & -headDim;
        double[] expected = [.. Enumerable.Range(0, headDim).Select(i =>
            Enumerable.Range(0, block).Sum(j => (BitOperations.PopCount((uint)(i % block & j)) % 2 == 0 ? 1.0 : -1) * x[(i / block * block) + j]) / Math.Sqrt(block))];
        Assert.That(turned, Is.EqualTo(expected).Within(1e-5));
    }
}
