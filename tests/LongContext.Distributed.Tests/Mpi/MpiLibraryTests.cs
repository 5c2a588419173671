using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

[TestFixture]
internal sealed class MpiLibraryTests
{
    [TestCase("", "libmpi.so.40")]
    [TestCase("PMI_RANK=0 PMI_SIZE=2", "libmpich.so.12")]
    [TestCase("PMI_RANK=0 PMI_SIZE=2 OMPI_COMM_WORLD_SIZE=2", "libmpi.so.40")]
    [TestCase("LONGCONTEXT_MPI=/opt/mpi/libmpi.so PMI_RANK=0", "/opt/mpi/libmpi.so")]
    public void Candidates_ByVariableThenLauncher_StartWithTheFittingLibrary(string variables, string first)
    {
        Assert.That(MpiLibrary.Candidates(Variables.Parse(variables)).First(), Is.EqualTo(first));
    }

    [Test]
    public void Find_NamedLibraryDoesNotExist_IsNullAndTakesNoOther()
    {
        Assert.That(MpiLibrary.Find(Variables.Parse("LONGCONTEXT_MPI=/nowhere/libmpi.so")), Is.Null);
    }

    [Test]
    public void Find_WhateverIsInstalled_AgreesWithIsAvailable()
    {
        MpiLibrary? found = MpiLibrary.Find();

        Assert.That(MpiLibrary.IsAvailable, Is.EqualTo(found is not null));
        TestContext.Out.WriteLine(found);
    }

    [Test]
    [Platform("Linux")]
    public void Find_NamedLibraryIsNoMpi_IsNull()
    {
        Assert.That(MpiLibrary.Find(Variables.Parse("LONGCONTEXT_MPI=libc.so.6")), Is.Null);
    }
}
