using LongContext.Planning;
using NUnit.Framework;

namespace LongContext.Tests.Planning;

[TestFixture]
internal sealed class ExecutionPlannerTests
{
    private static readonly HostProfile H100 = HostProfile.Named("h100");

    // Figures of an independent model (another program) for 128K tokens over 400 Gb/s InfiniBand, queries in bfloat16.
    [TestCase(PlannedMethod.RingZigzag, 8, 1.5)]
    [TestCase(PlannedMethod.RingZigzag, 64, 0.4108)]
    [TestCase(PlannedMethod.Ulysses, 8, 1.7)]
    [TestCase(PlannedMethod.Usp, 64, 0.2167)]
    [TestCase(PlannedMethod.Star, 16, 0.5277)]
    [TestCase(PlannedMethod.Apb, 8, 0.9932)]
    [TestCase(PlannedMethod.Apb, 32, 0.2506)]
    public void PrefillSeconds_Of128KTokens_AreThoseOfAnIndependentModel(PlannedMethod method, int hosts, double seconds)
    {
        MethodPlan plan = Plan(hosts, "ib400", method);
        bool waits = method == PlannedMethod.Apb; // there: for what is passed on, which here travels while blocks are attended to
        Assert.That(waits ? plan.ComputeSeconds + plan.CommunicationSeconds : plan.PrefillSeconds, Is.EqualTo(seconds).Within(6).Percent);
    }

    [Test]
    public void DecodeSeconds_OverEightHosts_AreThoseOfAnIndependentModel()
    {
        Assert.That(Plan(8, "ib400", PlannedMethod.Ring).DecodeSecondsPerToken, Is.EqualTo(6.8e-3).Within(2).Percent);
        Assert.That(Plan(1, "ib400", PlannedMethod.Full).DecodeSecondsPerToken, Is.EqualTo(12.0e-3).Within(2).Percent);
    }

    [Test]
    public void PrefillSeconds_OverASlowerLink_AreNeverLess([Values] PlannedMethod method, [Values(2, 8, 32)] int hosts)
    {
        if (method == PlannedMethod.Full)
        {
            Assert.That(Plans(hosts, "ib400").Select(p => p.Method), Has.None.EqualTo(method));
            return;
        }

        (MethodPlan fast, MethodPlan slow) = (Plan(hosts, "nvlink4", method), Plan(hosts, "eth1", method));
        Assert.That(slow.PrefillSeconds, Is.GreaterThanOrEqualTo(fast.PrefillSeconds));
        Assert.That(slow.PrefillSeconds, Is.LessThanOrEqualTo((slow.ComputeSeconds + slow.CommunicationSeconds) * 1.0001));
        Assert.That(slow.PrefillSeconds, Is.GreaterThanOrEqualTo(Math.Max(slow.ComputeSeconds, slow.CommunicationSeconds) * 0.9999));
    }

    [Test]
    public void TwoBlocksOnEachHost_TakeLessTimeThanOne([Values(PlannedMethod.Star, PlannedMethod.Apb)] PlannedMethod method, [Values(4, 8)] int hosts)
    {
        MethodPlan one = InBlocks(1), two = InBlocks(2);
        Assert.That((one.Blocks, two.Blocks), Is.EqualTo((hosts, 2 * hosts)));
        Assert.That(two.PrefillSeconds, Is.LessThan(0.97 * one.PrefillSeconds), "no host waits for the one with the last block");
        Assert.That(two.PrefillBytesSent, Is.EqualTo(2 * one.PrefillBytesSent));

        MethodPlan InBlocks(int each) => ExecutionPlanner.Plan(PlanningModels.Llama8B, new PlanRequest
        {
            Tokens = 131_072, Hosts = hosts, Host = H100, Link = LinkProfile.Parse("ib400"), BlocksPerHost = each,
        }).Single(p => p.Method == method);
    }

    [Test]
    public void KVCacheBytes_ShrinkWithTheHosts() =>
        Assert.That(Plan(8, "ib400", PlannedMethod.Ring).KVCacheBytes, Is.EqualTo(2L << 30));

    [Test]
    public void ContiguousRing_WaitsForItsLastHost_AndZigzagDoesNot() =>
        Assert.That(
            Plan(8, "nvlink4", PlannedMethod.Ring).ComputeSeconds, Is.GreaterThan(1.3 * Plan(8, "nvlink4", PlannedMethod.RingZigzag).ComputeSeconds));

    [Test]
    public void OneHost_PlansFullAttentionAndVirtualHosts()
    {
        IReadOnlyList<MethodPlan> plans = Plans(1, "ib400");
        Assert.That(plans.Select(p => (p.Method, p.Blocks)), Is.EqualTo(new[] { (PlannedMethod.Full, 1), (PlannedMethod.Star, 8), (PlannedMethod.Apb, 8) }));
        Assert.That(plans[2].PrefillSeconds, Is.LessThan(plans[0].PrefillSeconds));
        Assert.That(plans.Select(p => p.PrefillBytesSent), Is.All.Zero);
    }

    [Test]
    public void Ulysses_BeyondTheQueryHeads_IsNotPlanned() =>
        Assert.That(Plans(64, "ib400").Select(p => p.Method), Has.None.EqualTo(PlannedMethod.Ulysses));

    [Test]
    public void BadRequests_AreRefusedWithEveryProblem()
    {
        PlanRequest request = new() { Tokens = 0, Hosts = 0, Host = H100, Link = LinkProfile.Parse("eth1") };
        Assert.That(
            () => ExecutionPlanner.Plan(PlanningModels.Llama8B, request),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("Tokens is 0").And.Message.Contains("Hosts is 0"));
    }

    [TestCase("15us,11.5GB/s", 15e-6, 11.5e9)]
    [TestCase("eth100", 15e-6, 11.5e9)]
    public void Links_AreNamedOrWrittenOut(string text, double latency, double rate)
    {
        LinkProfile link = LinkProfile.Parse(text);
        Assert.That(link.LatencySeconds, Is.EqualTo(latency).Within(1e-12));
        Assert.That(link.BytesPerSecond, Is.EqualTo(rate).Within(1));
    }

    [TestCase("eth7")]
    [TestCase("15us")]
    [TestCase("0us,1GB/s")]
    [TestCase("1us,NaNGB/s")]
    public void Links_ThatAreNeither_AreRefused(string text) =>
        Assert.That(() => LinkProfile.Parse(text), Throws.TypeOf<ConfigurationException>().With.Message.Contains(text));

    private static IReadOnlyList<MethodPlan> Plans(int hosts, string link) => ExecutionPlanner.Plan(PlanningModels.Llama8B, new PlanRequest
    {
        Tokens = 131_072, Hosts = hosts, Host = H100, Link = LinkProfile.Parse(link), ExchangeElementBytes = 2, BlocksPerHost = 1,
        AnchorLength = hosts == 1 ? null : 131_072 / hosts / 4, PassingLength = hosts == 1 ? null : 131_072 / hosts / 8,
    });

    private static MethodPlan Plan(int hosts, string link, PlannedMethod method) => Plans(hosts, link).Single(p => p.Method == method);
}
