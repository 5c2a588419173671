using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Rank processes of one test, started and watched: what they write, how they end, and which of them are still there.</summary>
/// <remarks>Disposing it kills what is left.</remarks>
internal sealed partial class RankJob : IDisposable
{
    /// <summary>Signals that tests send.</summary>
    internal const int Kill = 9, Stop = 19, Terminate = 15;

    private readonly RankLaunch _launch;
    private readonly List<Process> _processes = [];
    private readonly List<string> _output = [];
    private readonly List<string> _error = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private RankJob(RankLaunch launch)
    {
        _launch = launch;
        Place = new RankPlace(-1, launch.Size, Directory.CreateTempSubdirectory("longcontext-ranks-").FullName);
    }

    /// <summary>The test's own place: nobody's rank, but the folder of the job.</summary>
    internal RankPlace Place { get; }

    /// <summary>Starts the ranks; ignores the test where the launcher is not installed.</summary>
    internal static RankJob Start(RankLaunch launch)
    {
        Assume.That(OperatingSystem.IsLinux(), "Rank processes are tested on Linux.");
        RankJob job = new(launch);
        if (launch.Launcher == RankLauncher.Processes)
        {
            for (int rank = 0; rank < launch.Size; rank++)
            {
                job.StartProcess(Host, job.Program(), rank);
            }
        }
        else
        {
            string[] command =
                [.. launch.LauncherPrefix, LauncherPath(launch.Launcher), .. LauncherOptions(launch), .. launch.KeepsEnds ? KeepEnd : [], Host, .. job.Program()];
            job.StartProcess(command[0], command[1..], null);
        }

        return job;
    }

    /// <summary>Where a launcher is; ignores the test where it is not installed.</summary>
    internal static string LauncherPath(RankLauncher launcher)
    {
        string name = launcher == RankLauncher.OpenMpi ? "mpirun.openmpi" : "mpirun.mpich";
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);
        if (found is null)
        {
            Assert.Ignore($"{name} is not installed here: no ranks under {launcher}.");
        }

        return found!;
    }

    /// <summary>The process of a rank, as soon as it runs.</summary>
    internal int ProcessId(int rank) => int.Parse(Await(rank, "pid"), CultureInfo.InvariantCulture);

    /// <summary>Waits until every rank has come to <paramref name="mark"/>.</summary>
    internal void AwaitAll(string mark)
    {
        for (int rank = 0; rank < _launch.Size; rank++)
        {
            Await(rank, mark);
        }
    }

    /// <summary>Sends a signal to a rank; time counts from here.</summary>
    internal void Signal(int rank, int signal)
    {
        int process = ProcessId(rank);
        _watch.Restart();
        Assert.That(SendSignal(process, signal), Is.Zero, $"Rank {rank} is gone already.\n{Text()}");
    }

    /// <summary>Sends a signal to the launcher; time counts from here.</summary>
    internal void SignalLauncher(int signal)
    {
        _watch.Restart();
        Assert.That(SendSignal(_processes[0].Id, signal), Is.Zero);
    }

    /// <summary>Since the last signal, or else the start.</summary>
    internal TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Starts to count time.</summary>
    internal void RestartTime() => _watch.Restart();

    /// <summary>Kills the launcher, if it has not ended.</summary>
    internal void EndLauncher()
    {
        _processes[0].Kill(entireProcessTree: true);
        _processes[0].WaitForExit();
    }

    /// <summary>Waits until ranks that keep their ends have ended, the launcher or not.</summary>
    /// <param name="patience">Counted as <see cref="WaitForEnd"/> does.</param>
    /// <param name="only">These ranks; all if none is given.</param>
    /// <returns>[rank] how each ended; null of one that has not, or was not waited for.</returns>
    internal RankEnd?[] AwaitEnds(TimeSpan patience, params int[] only)
    {
        RankEnd?[] ends = new RankEnd?[_launch.Size];
        int[] ranks = only.Length > 0 ? only : [.. Enumerable.Range(0, ends.Length)];
        while (Array.Exists(ranks, r => ends[r] is null) && _watch.Elapsed < patience)
        {
            Thread.Sleep(10);
            foreach (int rank in ranks)
            {
                if (ends[rank] is null && File.Exists(Place.FileOf(rank, RankPlace.CodeFile)))
                {
                    int code = int.Parse(File.ReadAllText(Place.FileOf(rank, RankPlace.CodeFile)), CultureInfo.InvariantCulture);
                    ends[rank] = new RankEnd(code, File.ReadAllLines(Place.FileOf(rank, RankPlace.ErrorFile)), _watch.Elapsed);
                }
            }
        }

        return ends;
    }

    /// <summary>What a rank that keeps its end has written until now, and whether it lives, for a message.</summary>
    internal string ErrorOf(int rank) => $"{(IsAlive(rank) ? "lives" : "gone without a code")}\n{File.ReadAllText(Place.FileOf(rank, RankPlace.ErrorFile))}";

    /// <summary>Waits for the end of all that was started.</summary>
    internal RankJobResult WaitForEnd(TimeSpan patience)
    {
        foreach (Process process in _processes)
        {
            TimeSpan left = patience - _watch.Elapsed;
            if (!process.WaitForExit(left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                string where = string.Join(", ", Enumerable.Range(0, _launch.Size).Select(r => File.Exists(Place.FileOf(r, "test"))
                    ? $"rank {r} in {File.ReadAllText(Place.FileOf(r, "test"))}"
                    : $"rank {r}"));
                string text = Text();
                Dispose();
                throw new TimeoutException($"The job runs after {patience.TotalSeconds} s: {where}.\n{text}");
            }
        }

        TimeSpan elapsed = _watch.Elapsed;
        foreach (Process process in _processes)
        {
            process.WaitForExit(); // the readers of its output come to the end
        }

        int[] codes = [.. _processes.Select(p => p.ExitCode)];
        lock (_output)
        {
            return new RankJobResult(codes.Max(), _launch.Launcher == RankLauncher.Processes ? codes : [], [.. _output], [.. _error], elapsed);
        }
    }

    /// <summary>Ranks whose processes are still there. A stopped one is; a dead one that nobody has asked about is not.</summary>
    internal IReadOnlyList<int> Living() => [.. Enumerable.Range(0, _launch.Size).Where(IsAlive)];

    /// <summary>Waits until no rank but <paramref name="except"/> lives.</summary>
    /// <returns>Those that still do when <paramref name="patience"/>, counted from the last signal, is over.</returns>
    internal IReadOnlyList<int> AwaitOrphans(TimeSpan patience, params int[] except)
    {
        while (Living().Except(except).Any() && _watch.Elapsed < patience)
        {
            Thread.Sleep(10);
        }

        return [.. Living().Except(except)];
    }

    /// <summary>All that was written until now, for a message.</summary>
    internal string Text()
    {
        lock (_output)
        {
            return string.Join(Environment.NewLine, [.. _output, .. _error]);
        }
    }

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }

        foreach (int rank in Living())
        {
            _ = SendSignal(ProcessId(rank), Kill);
        }

        if (_launch.KeepsEnds)
        {
            AwaitEnds(_watch.Elapsed + TimeSpan.FromSeconds(1)); // who watched over them writes to the folder
        }

        _processes.Clear();
        if (Directory.Exists(Place.Folder))
        {
            Directory.Delete(Place.Folder, recursive: true);
        }
    }

    /// <summary>A shell that watches over one rank, in a session of its own with it: a launcher that kills its processes at an abort does not hide how the rank ends.</summary>
    private static string[] KeepEnd =>
    [
        "setsid", "--fork", "--wait", "sh", "-c",
        $"""
        end="${RankPlace.FolderVariable}/rank.${"{OMPI_COMM_WORLD_RANK:-$PMI_RANK}"}"; "$0" "$@" 2>"$end.{RankPlace.ErrorFile}"; echo $? >"$end.new"; mv "$end.new" "$end.{RankPlace.CodeFile}"
        """,
    ];

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    private static IEnumerable<string> LauncherOptions(RankLaunch launch) => launch.Launcher == RankLauncher.OpenMpi
        ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", .. launch.LauncherOptions, "-n", launch.Size.ToString(CultureInfo.InvariantCulture)]
        : [.. launch.LauncherOptions, "-n", launch.Size.ToString(CultureInfo.InvariantCulture)];

    private IEnumerable<string> Program() => ["exec", typeof(RankProgram).Assembly.Location, _launch.Scenario, _launch.Transport, .. _launch.Arguments];

    private void StartProcess(string file, IEnumerable<string> arguments, int? rank)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["TERM"] = "dumb"; // Open MPI gives ranks a terminal, and .NET would write to it
        start.Environment["DOTNET_TieredPGO"] = "0"; // short lives
        start.Environment[RankPlace.FolderVariable] = Place.Folder;
        start.Environment[RankPlace.SizeVariable] = _launch.Size.ToString(CultureInfo.InvariantCulture);
        foreach ((string name, string value) in _launch.Environment)
        {
            start.Environment[name] = value;
        }

        if (rank is { } number)
        {
            start.Environment[RankPlace.RankVariable] = number.ToString(CultureInfo.InvariantCulture);
        }

        Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, e) => Add(_output, e.Data);
        process.ErrorDataReceived += (_, e) => Add(_error, e.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private void Add(List<string> lines, string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                lines.Add(line);
            }
        }
    }

    private string Await(int rank, string mark)
    {
        try
        {
            return Place.Await(rank, mark, TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{Text()}", e);
        }
    }

    private bool IsAlive(int rank)
    {
        string pid = Place.FileOf(rank, "pid");
        if (!File.Exists(pid))
        {
            return false;
        }

        try
        {
            string state = File.ReadAllText($"/proc/{File.ReadAllText(pid)}/stat");
            return state[state.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
