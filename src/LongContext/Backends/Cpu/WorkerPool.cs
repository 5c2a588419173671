using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace LongContext.Backends.Cpu;

/// <summary>Threads that share one job at a time with the thread that starts it. Knows no tensors.</summary>
/// <remarks>
/// Workers claim ranges of pieces until none is left. A worker that wakes too late never joins, so nobody waits for it.
/// Idle workers spin for a moment, since the next operation of a step follows within microseconds, then sleep.
/// One thread starts jobs; jobs start no jobs.
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const long OpenBit = 1L << 31;
    private const long EpochStep = 1L << 32;
    private static readonly long SpinTicks = Stopwatch.Frequency / 10_000; // 100 µs

    private readonly Thread[] _threads;
    private readonly int[]? _cores;
    private readonly object _gate = new();
    private Signals _signals;
    private delegate*<void*, int, long, long, void> _execute;
    private void* _job;
    private long _pieces;
    private long _grain;
    private int _sleeping;
    private volatile bool _stopping;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts <paramref name="workers"/> − 1 threads; the thread that calls <see cref="Run{TJob}"/> is worker 0.</summary>
    /// <param name="workers">At least 1.</param>
    /// <param name="cores">The logical core of each worker; null: the system chooses.</param>
    internal WorkerPool(int workers, int[]? cores = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        (Count, _cores) = (workers, cores);
        _threads = new Thread[workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"LongContext worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the calling thread included.</summary>
    internal int Count { get; }

    /// <summary>Whether each thread has a core of its own.</summary>
    internal bool IsPinned => _cores is not null;

    /// <summary>Puts the calling thread on worker 0's core, if workers have cores.</summary>
    internal void PinCaller() => Pin(worker: 0);

    /// <summary>Does <paramref name="pieces"/> pieces of <paramref name="job"/>, <paramref name="grain"/> at a claim; returns when all are done.</summary>
    /// <remarks>An exception in a piece stops the job and is thrown here; other pieces may or may not have been done.</remarks>
    internal void Run<TJob>(ref TJob job, long pieces, long grain)
        where TJob : unmanaged, IJob
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (pieces <= 0)
        {
            return;
        }

        grain = Math.Max(grain, 1);
        if (_threads.Length == 0 || pieces <= grain)
        {
            job.Execute(0, 0, pieces);
            return;
        }

        fixed (TJob* pinned = &job)
        {
            Start(pinned, &Invoke<TJob>, pieces, grain);
        }
    }

    /// <summary>Ends the threads. A running job must have returned.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private static void Invoke<TJob>(void* job, int worker, long start, long end)
        where TJob : unmanaged, IJob => ((TJob*)job)->Execute(worker, start, end);

    private void Start(void* job, delegate*<void*, int, long, long, void> execute, long pieces, long grain)
    {
        _job = job;
        _execute = execute;
        (_pieces, _grain, _failure) = (pieces, grain, null);
        _signals.Next = 0;
        Interlocked.Exchange(ref _signals.State, (_signals.State & ~(EpochStep - 1)) + EpochStep + OpenBit);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }

        Claim(worker: 0);
        Interlocked.And(ref _signals.State, ~OpenBit);
        for (int spins = 0; (Volatile.Read(ref _signals.State) & (OpenBit - 1)) != 0; spins++)
        {
            if (spins < 200)
            {
                Thread.SpinWait(20);
            }
            else
            {
                Thread.Yield(); // a worker lost its core in the middle of a piece
            }
        }

        _failure?.Throw();
    }

    private void Claim(int worker)
    {
        try
        {
            while (true)
            {
                long start = Interlocked.Add(ref _signals.Next, _grain) - _grain;
                if (start >= _pieces)
                {
                    return;
                }

                _execute(_job, worker, start, Math.Min(start + _grain, _pieces));
            }
        }
#pragma warning disable CA1031 // whatever it is, it is thrown again on the thread that started the job
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            Interlocked.Exchange(ref _signals.Next, long.MaxValue / 2);
        }
    }

    private void Pin(int worker)
    {
        if (_cores is not null)
        {
            CoreAffinity.PinCallingThread(_cores[worker]);
        }
    }

    private void Work(int worker)
    {
        Pin(worker);
        long seen = 0;
        long idleSince = Stopwatch.GetTimestamp();
        while (!_stopping)
        {
            long state = Volatile.Read(ref _signals.State);
            if (IsNews(state, seen))
            {
                if (Interlocked.CompareExchange(ref _signals.State, state + 1, state) == state)
                {
                    seen = state & ~(EpochStep - 1);
                    Claim(worker);
                    Interlocked.Decrement(ref _signals.State);
                    idleSince = Stopwatch.GetTimestamp();
                }

                continue;
            }

            Thread.SpinWait(10);
            if (Stopwatch.GetTimestamp() - idleSince > SpinTicks)
            {
                Sleep(seen);
                idleSince = Stopwatch.GetTimestamp();
            }
        }
    }

    private void Sleep(long seen)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleeping); // before the state is read: a job started since then sees us and pulses
            while (!_stopping && !IsNews(Volatile.Read(ref _signals.State), seen))
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }

    private static bool IsNews(long state, long seen) => (state & OpenBit) != 0 && (state & ~(EpochStep - 1)) != seen;

    /// <summary>What all threads write, each on cache lines of its own.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 384)]
    private struct Signals
    {
        /// <summary>Epoch in the upper half, whether the job is open, how many threads are in it.</summary>
        [System.Runtime.InteropServices.FieldOffset(128)]
        internal long State;

        /// <summary>The first piece nobody has claimed.</summary>
        [System.Runtime.InteropServices.FieldOffset(256)]
        internal long Next;
    }
}
