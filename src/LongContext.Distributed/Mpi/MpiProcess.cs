using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>MPI in this process: started once, ended with the process, and called by one thread only, which lives from start to end.</summary>
/// <remarks>That thread never waits inside MPI, but for the start and the end, which others watch.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process.")]
internal sealed class MpiProcess
{
    private static readonly object Creation = new();
    private static readonly TimeSpan ParentInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(0.2); // less than launchers leave between asking and killing
    private static readonly TimeSpan Goodbyes = TimeSpan.FromSeconds(2); // of ranks that live, after a fault
    private static MpiProcess? _current;

    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);
    private readonly List<MpiWorld> _worlds = []; // under its own lock
    private readonly TaskCompletionSource _started = new();
    private readonly TaskCompletionSource _ended = new();
    private readonly int _parent = NativeProcess.Parent();
    private readonly MpiIdling _idling = new();
    private MpiStart? _start;
    private MpiWorld[] _polled = [];
    private int _abortCode;
    private bool _isSleeping;
    private bool _isEnding;
    private PosixSignalRegistration? _termination; // for the life of the process

    private MpiProcess(MpiApi api)
    {
        Api = api;
        _thread = new Thread(Run) { IsBackground = true, Name = "longcontext mpi" };
        _thread.Start();
    }

    internal MpiApi Api { get; }

    /// <summary>This process, as MPI has it.</summary>
    internal (int Rank, int Size) Place { get; private set; }

    /// <summary>The library's name and version.</summary>
    internal string Version { get; private set; } = "";

    /// <summary>Threads that wait may spin: there is a core for each rank's thread and each communication thread of this host.</summary>
    internal bool HasCoresToSpare { get; set; }

    internal bool IsCommunicationThread => Thread.CurrentThread == _thread;

    /// <summary>Starts MPI, if it is not started yet.</summary>
    /// <exception cref="ConfigurationException">There is no library, another one is in use, or it does not fit its launcher.</exception>
    internal static MpiProcess Start(MpiLibrary library, CommunicatorOptions options)
    {
        lock (Creation)
        {
            if (_current is { } running)
            {
                return running.Api.Library == library
                    ? running
                    : throw new ConfigurationException([$"This process uses the MPI library {running.Api.Library.Name} already; it cannot use {library.Name} too."]);
            }

            MpiProcess process = new(MpiApi.Load(library));
            if (!process._started.Task.Wait(options.StartDeadline))
            {
                string line = $"MPI did not start within {options.StartDeadline.TotalSeconds} s: not all ranks have come, or the launcher and {library.Name} do not fit";
                process.Refuse(line, MpiFailStop.CommunicationFault, options);
            }

            _current = process;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => process.OnProcessExit();
            AppDomain.CurrentDomain.UnhandledException += (_, e) => process.OnUnhandledException(e.ExceptionObject);
            process._termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, process.OnTermination);
            return process;
        }
    }

    /// <summary>Ends the process, or throws, because ranks were started in a way that cannot work.</summary>
    internal void Refuse(string reason, int code, CommunicatorOptions options)
    {
        if (options.OnFault == FaultAction.EndProcess)
        {
            MpiFailStop.Begin(null, "longcontext: " + reason, code);
            MpiFailStop.AwaitEnd();
        }

        throw new ConfigurationException([reason]);
    }

    /// <summary>Has the communication thread make a world; waits for it.</summary>
    internal MpiWorld Connect(MpiStart start)
    {
        lock (_worlds)
        {
            if (_worlds.Exists(w => !w.IsClosed))
            {
                throw new ConfigurationException(["This process has an MPI communicator; dispose it before making another one, or split it."]);
            }
        }

        Volatile.Write(ref _start, start);
        Wake();
        start.Await();
        return start.World!;
    }

    /// <summary>Wakes the communication thread. Any thread.</summary>
    internal void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isSleeping))
        {
            _wake.Set();
        }
    }

    /// <summary>Has the communication thread end the job. Returns at once.</summary>
    internal static void RequestAbort(int code)
    {
        if (_current is { } process)
        {
            Volatile.Write(ref process._abortCode, code);
            process.Wake();
        }
    }

    private void Run()
    {
        try
        {
            bool serialized = Api.Start();
            Place = Api.Place();
            Version = Api.Version();
            if (serialized)
            {
                _started.SetResult();
            }
            else
            {
                _started.SetException(new ConfigurationException([$"The MPI library {Api.Library.Name} cannot be called by a thread of its own."]));
                return;
            }
        }
        catch (MpiErrorException e)
        {
            _started.SetException(new ConfigurationException([$"MPI did not start. {e.Message}"]));
            return;
        }

        long checkedParent = Stopwatch.GetTimestamp();
        while (!(Volatile.Read(ref _isEnding) && NoWorlds()))
        {
            if (Volatile.Read(ref _abortCode) is var code and not 0)
            {
                Api.Abort(code);
                return; // seldom: the process ends by itself a little later
            }

            if (Poll())
            {
                _idling.Reset();
            }
            else
            {
                Idle();
            }

            if (Stopwatch.GetElapsedTime(checkedParent) > ParentInterval)
            {
                checkedParent = Stopwatch.GetTimestamp();
                CheckParent();
            }
        }

        try
        {
            Api.End();
            _ended.SetResult();
        }
        catch (MpiErrorException e)
        {
            _ended.SetException(e);
        }
    }

    private bool Poll()
    {
        bool any = false;
        if (Volatile.Read(ref _start) is { } start)
        {
            any = true;
            if (start.Advance())
            {
                Volatile.Write(ref _start, null);
                if (start.World is { } made)
                {
                    lock (_worlds)
                    {
                        _worlds.Add(made);
                        _polled = [.. _worlds];
                    }

                    start.Complete();
                }
            }
        }

        foreach (MpiWorld world in _polled)
        {
            any |= world.Poll();
            if (world.IsOver)
            {
                world.Free();
                lock (_worlds)
                {
                    _worlds.Remove(world);
                    _polled = [.. _worlds];
                }
            }
        }

        return any;
    }

    private void Idle()
    {
        bool busy = false;
        foreach (MpiWorld world in _polled)
        {
            busy |= world.IsBusy;
        }

        if (_idling.Pause(HasCoresToSpare, busy))
        {
            return;
        }

        Volatile.Write(ref _isSleeping, true);
        Interlocked.MemoryBarrier();
        if (!Array.Exists(_polled, w => w.HasWork) && Volatile.Read(ref _start) is null && Volatile.Read(ref _abortCode) == 0)
        {
            _wake.WaitOne(1); // others' messages wake nobody: look for them
        }

        Volatile.Write(ref _isSleeping, false);
    }

    private bool NoWorlds()
    {
        lock (_worlds)
        {
            return _worlds.Count == 0;
        }
    }

    /// <summary>Whether a world that not all ranks have left is broken: some may be gone, and then never will.</summary>
    private bool HasFaulted()
    {
        lock (_worlds)
        {
            return _worlds.Exists(w => w.Latch.Fault is not null);
        }
    }

    private MpiWorld? OpenWorld()
    {
        lock (_worlds)
        {
            return _worlds.Find(w => !w.IsClosed);
        }
    }

    private void CheckParent()
    {
        if (NativeProcess.Parent() != _parent && !MpiFailStop.HasBegun)
        {
            OpenWorld()?.FailLauncherEnded();
        }
    }

    private void OnProcessExit()
    {
        if (MpiFailStop.HasBegun)
        {
            MpiFailStop.AwaitEnd();
        }

        if (OpenWorld() is { } world)
        {
            string how = world.DescribeWait() is { } wait ? $"was ended {wait}" : "ended without closing its communicator";
            EndOpen(world, how, world.DescribeWait() is null ? MpiFailStop.NotClosed : MpiFailStop.CommunicationFault);
        }

        Volatile.Write(ref _isEnding, true);
        Wake();
        TimeSpan most = HasFaulted() ? Goodbyes : LastOptions.StartDeadline;
        if (_thread.IsAlive && !_ended.Task.Wait(most))
        {
            MpiFailStop.Begin(null, $"{Who()}: other ranks did not end within {most.TotalSeconds} s after this one", MpiFailStop.CommunicationFault);
            MpiFailStop.AwaitEnd();
        }
    }

    /// <summary>Under a launcher this is how a rank hears that another one has ended, if the launcher gives it the time to hear anything.</summary>
    /// <remarks>A rank that goes on, so that nothing is wrong with the job, is left to the program's own handlers, or to the signal.</remarks>
    private void OnTermination(PosixSignalContext context)
    {
        if (!MpiFailStop.HasBegun && LastOptions.OnFault == FaultAction.EndProcess && OpenWorld() is { } world && world.StandsStill(Progress))
        {
            string how = world.DescribeWait() is { } wait ? $"was ended {wait}" : "was ended";
            MpiFailStop.Hurry();
            EndOpen(world, how, MpiFailStop.CommunicationFault);
        }

        if (MpiFailStop.HasBegun)
        {
            context.Cancel = true; // this rank ends by itself, with its own code
            MpiFailStop.Hurry();
        }
    }

    private void OnUnhandledException(object exception)
    {
        if (LastOptions.OnFault == FaultAction.EndProcess && OpenWorld() is { } world && !MpiFailStop.HasBegun)
        {
            NativeProcess.WriteErrorLine($"Unhandled exception. {exception}");
            EndOpen(world, "ended by an exception, without closing its communicator", MpiFailStop.NotClosed);
        }

        if (MpiFailStop.HasBegun)
        {
            MpiFailStop.AwaitEnd();
        }
    }

    private void EndOpen(MpiWorld world, string how, int code)
    {
        MpiFailStop.Begin(world, $"{Who()}: {how}", code);
        world.FailNotClosed(how); // the others are told
        MpiFailStop.AwaitEnd();
    }

    /// <summary>Of the last world made.</summary>
    internal CommunicatorOptions LastOptions { get; set; } = CommunicatorOptions.Default;

    private string Who() => $"longcontext: rank {Place.Rank} of {Place.Size} (host {Environment.MachineName})";
}
