using System.Globalization;
using System.Text.RegularExpressions;
using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

/// <summary>The tables against the headers that come with the libraries, where those are installed.</summary>
[TestFixture]
internal sealed class MpiAbiTests
{
    [TestCase("MPI_COMM_WORLD")]
    [TestCase("MPI_BYTE")]
    [TestCase("MPI_REQUEST_NULL")]
    [TestCase("MPI_ERRORS_RETURN")]
    [TestCase("MPI_THREAD_SERIALIZED")]
    [TestCase("MPI_ERR_TRUNCATE")]
    public void Mpich_Constant_IsTheHeaders(string name)
    {
        MpiAbi abi = MpiAbi.Of(MpiFamily.Mpich, 0);
        long ours = name switch
        {
            "MPI_COMM_WORLD" => abi.World,
            "MPI_BYTE" => abi.Byte,
            "MPI_REQUEST_NULL" => abi.NullRequest,
            "MPI_ERRORS_RETURN" => abi.ErrorsReturn,
            "MPI_THREAD_SERIALIZED" => abi.Serialized,
            _ => abi.ErrorTruncate,
        };

        Assert.That(ours, Is.EqualTo(Constant("/usr/include/x86_64-linux-gnu/mpich/mpi.h", name)));
    }

    [TestCase("MPI_ERR_TRUNCATE", 15)]
    public void OpenMpi_Constant_IsTheHeaders(string name, long ours)
    {
        Assert.That(Constant("/usr/lib/x86_64-linux-gnu/openmpi/include/mpi.h", name), Is.EqualTo(ours));
    }

    private static long Constant(string header, string name)
    {
        if (!File.Exists(header))
        {
            Assert.Ignore($"{header} is not here.");
        }

        Match match = Regex.Match(File.ReadAllText(header), $@"\b{name}\b[ \t=]*(\(\([A-Za-z_]+\))?(?<value>0x[0-9a-fA-F]+|\d+)");
        string value = match.Groups["value"].Value;
        if (value.Length == 0)
        {
            Assert.Ignore($"{header} does not say {name} as a number.");
        }

        return value.StartsWith("0x", StringComparison.Ordinal)
            ? long.Parse(value.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : long.Parse(value, CultureInfo.InvariantCulture);
    }
}
