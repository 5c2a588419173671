using System.Globalization;
using LongContext.Distributed.Mpi;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Where a rank process finds itself: its number, the number of ranks, and a folder that all ranks and the test share.</summary>
internal sealed record RankPlace(int Rank, int Size, string Folder)
{
    internal const string FolderVariable = "LONGCONTEXT_TEST_FOLDER";
    internal const string RankVariable = "LONGCONTEXT_TEST_RANK";
    internal const string SizeVariable = "LONGCONTEXT_TEST_SIZE";

    /// <summary>Names of files of a rank that <see cref="RankLaunch.KeepsEnds"/>: what it wrote to standard error, and, once it has ended, its exit code.</summary>
    internal const string ErrorFile = "error", CodeFile = "code";

    /// <summary>This process's place, or null if no test started it as a rank.</summary>
    internal static RankPlace? Current()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { Length: > 0 } folder)
        {
            return null;
        }

        if (Environment.GetEnvironmentVariable(RankVariable) is { Length: > 0 } rank)
        {
            string size = Environment.GetEnvironmentVariable(SizeVariable)!;
            return new RankPlace(int.Parse(rank, CultureInfo.InvariantCulture), int.Parse(size, CultureInfo.InvariantCulture), folder);
        }

        MpiEnvironment launcher = MpiEnvironment.Detect();
        return new RankPlace(launcher.Rank, launcher.Size, folder);
    }

    /// <summary>A file of one rank.</summary>
    internal string FileOf(int rank, string name) => Path.Combine(Folder, $"rank.{rank}.{name}");

    /// <summary>Tells the test, and other ranks, that this rank has come to <paramref name="name"/>.</summary>
    internal void Mark(string name, string text = "")
    {
        string path = FileOf(Rank, name);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true); // there, and complete
    }

    /// <summary>Waits for the mark of another rank.</summary>
    internal string Await(int rank, string name, TimeSpan patience)
    {
        string path = FileOf(rank, name);
        for (DateTime end = DateTime.UtcNow + patience; !File.Exists(path); Thread.Sleep(1))
        {
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException($"Rank {rank} did not come to {name} within {patience.TotalSeconds} s.");
            }
        }

        return File.ReadAllText(path);
    }
}
