using LongContext.Distributed.Tcp;
using LongContext.Distributed.Tests.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

[TestFixture]
internal sealed class TcpOptionsTests
{
    private static readonly TcpOptions Good = new() { Rank = 0, Size = 2, Port = 4711 };

    [TestCase("LONGCONTEXT_RANK=1 LONGCONTEXT_SIZE=3 LONGCONTEXT_RENDEZVOUS=10.0.0.1:4711 LONGCONTEXT_SECRET=s", "10.0.0.1", "s")]
    [TestCase("LONGCONTEXT_RANK=1 LONGCONTEXT_SIZE=3 LONGCONTEXT_RENDEZVOUS=[::1]:4711", "::1", null)]
    [TestCase("LONGCONTEXT_RANK=1 LONGCONTEXT_SIZE=3 LONGCONTEXT_RENDEZVOUS=head-node:4711", "head-node", null)]
    public void FromEnvironment_AllVariables_GivesTheRank(string variables, string host, string? secret)
    {
        TcpOptions options = TcpOptions.FromEnvironment(Variables.Parse(variables));

        Assert.That(options, Is.EqualTo(new TcpOptions { Rank = 1, Size = 3, Host = host, Port = 4711, Secret = secret }));
    }

    [Test]
    public void FromEnvironment_NothingThere_NamesEveryVariableNeeded()
    {
        Assert.That(
            () => TcpOptions.FromEnvironment(_ => null),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("LONGCONTEXT_RANK").And.Message.Contains("LONGCONTEXT_SIZE")
                .And.Message.Contains("LONGCONTEXT_RENDEZVOUS"));
    }

    [Test]
    public void ToString_ForALog_KeepsTheSecret()
    {
        Assert.That((Good with { Secret = "do not tell anybody" }).ToString(), Does.Not.Contain("tell").And.Contain("rank 0 of 2"));
    }

    [Test]
    public void Create_OptionsThatMakeNoSense_IsRefusedBeforeAnythingListens()
    {
        (TcpOptions Options, string Says)[] bad =
        [
            (Good with { Size = 0 }, "Size is 0"),
            (Good with { Size = 65 }, "Size is 65"),
            (Good with { Rank = 2 }, "Rank is 2"),
            (Good with { Rank = -1 }, "Rank is -1"),
            (Good with { Port = 0 }, "Port is 0"),
            (Good with { Port = 65536 }, "Port is 65536"),
            (Good with { Secret = "short" }, "shorter than 16"),
            (Good with { Agreement = (AgreementCheck)9 }, "Agreement is 9"),
            (Good with { Communicator = new() { OperationDeadline = TimeSpan.Zero } }, "OperationDeadline"),
        ];
        foreach ((TcpOptions options, string says) in bad)
        {
            Assert.That(() => TcpCommunicator.Create(options), Throws.TypeOf<ConfigurationException>().With.Message.Contains(says));
        }
    }

    [Test]
    public void Create_WhereOthersCanReachIt_NeedsASecret([Values(0, 1)] int rank, [Values("0.0.0.0", "10.1.2.3", "::")] string host)
    {
        Assert.That(
            () => TcpCommunicator.Create(Good with { Rank = rank, Host = host }),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("Secret").And.Message.Contains(host));
    }
}
