using LongContext.Communication;
using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

[TestFixture]
internal sealed class MpiStartRecordTests
{
    [Test]
    public void Difference_OfEqualRanks_IsNone_AndTheHostIsKept()
    {
        byte[] record = Make(CommunicatorOptions.Default, "Open MPI v4.1.4");

        Assert.That(MpiStartRecord.Difference(record, 0, record, 1), Is.Null);
        Assert.That(MpiStartRecord.Host(record), Is.EqualTo(Environment.MachineName));
    }

    [Test]
    public void Difference_NamesTheFieldTheRanksAndBothValues()
    {
        byte[] one = Make(CommunicatorOptions.Default, "Open MPI v4.1.4");
        byte[] other = Make(CommunicatorOptions.Default, "MPICH Version: 4.0.2");
        byte[] late = Make(new CommunicatorOptions { OperationDeadline = TimeSpan.FromSeconds(7) }, "Open MPI v4.1.4");

        Assert.That(
            MpiStartRecord.Difference(one, 2, other, 5),
            Is.EqualTo("Ranks were started with different settings: MPI library is 'Open MPI v4.1.4' on rank 2, but 'MPICH Version: 4.0.2' on rank 5."));
        Assert.That(MpiStartRecord.Difference(one, 0, late, 1), Does.Contain("OperationDeadline is '60 s' on rank 0, but '7 s' on rank 1"));
    }

    [Test]
    public void Difference_FromARecordOfNothing_IsTold()
    {
        Assert.That(MpiStartRecord.Difference(Make(CommunicatorOptions.Default, "x"), 0, new byte[MpiStartRecord.Bytes], 1), Does.Contain("protocol"));
    }

    private static byte[] Make(CommunicatorOptions options, string library)
    {
        byte[] record = new byte[MpiStartRecord.Bytes];
        MpiStartRecord.Write(record, options, library);
        return record;
    }
}
