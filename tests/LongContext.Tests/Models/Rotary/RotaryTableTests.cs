using LongContext.Models.Rotary;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models.Rotary;

[TestFixture]
internal sealed class RotaryTableTests
{
    [Test]
    public void Update_PositionsUpToAMillion_AreCosinesOfTheExactAngles()
    {
        using ReferenceBackend backend = new();
        using RotaryTable table = new(backend, new RotaryParameters(1e6, 6, new YarnScaling(4, 65_536)), 1 << 20, maxTokens: 8);
        double[] frequencies = new YarnScaling(4, 65_536).InverseFrequencies(1e6, 6, 0);
        int[] positions = [0, 1, 4097, 999_999, 1_048_575];
        table.Update(positions);

        double factor = (0.1 * Math.Log(4)) + 1;
        double[] angles = [.. positions.SelectMany(p => frequencies.Select(f => p * f))];
        Assert.That(table.Cos.Shape, Is.EqualTo(new LongContext.Tensors.TensorShape(5, 3)));
        Assert.That(table.Cos.HostSpan<float>().ToArray(), Is.EqualTo(angles.Select(a => (float)(Math.Cos(a) * factor))).Within(1e-6f));
        Assert.That(table.Sin.HostSpan<float>().ToArray(), Is.EqualTo(angles.Select(a => (float)(Math.Sin(a) * factor))).Within(1e-6f));
    }

    [Test]
    public void Update_AShorterStepAfterALongerOne_ShowsOnlyItsOwnRows()
    {
        using ReferenceBackend backend = new();
        using RotaryTable table = new(backend, new RotaryParameters(100, 2, new NoScaling()), 64, maxTokens: 4);
        table.Update([5, 6, 7, 8]);
        table.Update([0]);
        Assert.That(table.Cos.HostSpan<float>().ToArray(), Is.EqualTo(new[] { 1f }));
        Assert.That(table.Sin.HostSpan<float>().ToArray(), Is.EqualTo(new[] { 0f }));
    }
}
