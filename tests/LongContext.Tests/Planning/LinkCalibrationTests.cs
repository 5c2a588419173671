using LongContext.Communication;
using LongContext.Planning;
using LongContext.Tests.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Planning;

[TestFixture]
internal sealed class LinkCalibrationTests
{
    [Test]
    public void Measure_OverThreads_SeesShortLatencyAndAMemoryCopysRate()
    {
        LinkProfile[] links = new LinkProfile[2];
        IReadOnlyList<Exception?> thrown = InProcessCluster.Instance.Run(2, CommunicatorOptions.Default, c => links[c.Rank] = LinkCalibration.Measure(c));

        Assert.That(thrown, Is.All.Null);
        Assert.That(links.Select(l => l.LatencySeconds), Is.All.InRange(1e-8, 1e-2));
        Assert.That(links.Select(l => l.BytesPerSecond), Is.All.InRange(1e7, 1e12));
    }

    [Test]
    public void Measure_OfOneRank_IsRefused()
    {
        using ICommunicator alone = InProcessCommunicator.Create(1)[0];
        Assert.That(() => LinkCalibration.Measure(alone), Throws.ArgumentException);
    }
}
