using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

[TestFixture]
internal sealed class MpiEnvironmentTests
{
    [TestCase("", MpiLauncher.None, 0, 1, null)]
    [TestCase("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_LOCAL_RANK=1", MpiLauncher.OpenMpi, 3, 8, 1)]
    [TestCase("PMI_RANK=0 PMI_SIZE=2", MpiLauncher.Pmi, 0, 2, null)]
    [TestCase("SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=6 SLURM_LOCALID=2", MpiLauncher.Slurm, 5, 6, 2)]
    [TestCase("SLURM_PROCID=0 SLURM_NTASKS=6", MpiLauncher.None, 0, 1, null)] // a batch script, not srun
    [TestCase("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1", MpiLauncher.OpenMpi, 1, 2, null)]
    public void Detect_LaunchersVariables_GivesRankAndSize(string variables, MpiLauncher launcher, int rank, int size, int? localRank)
    {
        MpiEnvironment environment = MpiEnvironment.Detect(Variables.Parse(variables));

        Assert.That(environment, Is.EqualTo(new MpiEnvironment(launcher, rank, size, localRank)));
    }

    [TestCase("PMI_RANK=2 PMI_SIZE=2")]
    [TestCase("PMI_RANK=-1 PMI_SIZE=2")]
    [TestCase("PMI_RANK=0 PMI_SIZE=many")]
    public void Detect_RankThatCannotBe_NamesTheVariables(string variables)
    {
        Assert.That(
            () => MpiEnvironment.Detect(Variables.Parse(variables)),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("PMI_RANK").And.Message.Contains("PMI_SIZE"));
    }
}
