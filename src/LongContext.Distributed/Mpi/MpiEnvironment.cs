using System.Globalization;

namespace LongContext.Distributed.Mpi;

/// <summary>What a launcher told this process in its environment, before any MPI library is loaded.</summary>
/// <param name="Launcher">Who started it.</param>
/// <param name="Rank">This process, 0 to Size − 1.</param>
/// <param name="Size">Processes in all.</param>
/// <param name="LocalRank">This process among those of its host, if the launcher says so.</param>
/// <remarks>
/// A library that does not fit its launcher makes every process believe it is alone: compare <paramref name="Size"/> with what MPI says.
/// </remarks>
public sealed record MpiEnvironment(MpiLauncher Launcher, int Rank, int Size, int? LocalRank)
{
    // Open MPI's own variables first: its ranks may carry Slurm's too. Slurm's count of the step is set by srun, not in a batch script.
    private static readonly (MpiLauncher Launcher, string Rank, string Size, string LocalRank)[] Variables =
    [
        (MpiLauncher.OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
        (MpiLauncher.Pmi, "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
        (MpiLauncher.Slurm, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"),
    ];

    /// <summary>Reads this process's environment.</summary>
    /// <exception cref="ConfigurationException">A launcher's variables contradict each other.</exception>
    public static MpiEnvironment Detect() => Detect(Environment.GetEnvironmentVariable);

    internal static MpiEnvironment Detect(Func<string, string?> variable)
    {
        foreach ((MpiLauncher launcher, string rankName, string sizeName, string localName) in Variables)
        {
            string? rankText = variable(rankName);
            string? sizeText = variable(sizeName);
            if (string.IsNullOrEmpty(rankText) || string.IsNullOrEmpty(sizeText))
            {
                continue;
            }

            if (!Number(rankText, out int rank) || !Number(sizeText, out int size) || rank >= size)
            {
                throw new ConfigurationException([$"{rankName}={rankText} and {sizeName}={sizeText} do not name one of several ranks."]);
            }

            return new MpiEnvironment(launcher, rank, size, Number(variable(localName), out int local) ? local : null);
        }

        return new MpiEnvironment(MpiLauncher.None, 0, 1, null);
    }

    private static bool Number(string? text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
