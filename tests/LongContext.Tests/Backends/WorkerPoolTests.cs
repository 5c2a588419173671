using LongContext.Backends.Cpu;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed unsafe class WorkerPoolTests
{
    [Test]
    public void Run_AnyPiecesAndGrain_DoesEachPieceOnce([Values(1, 2, 5)] int workers, [Values(0, 1, 3, 1000)] int pieces, [Values(1, 7)] int grain)
    {
        using WorkerPool pool = new(workers);
        int[] counts = new int[pieces + 1];
        fixed (int* pointer = counts)
        {
            for (int repeat = 1; repeat <= 50; repeat++)
            {
                CountJob job = new(pointer, failAt: -1);
                pool.Run(ref job, pieces, grain);
                Assert.That(counts.Take(pieces), Is.All.EqualTo(repeat));
            }
        }

        Assert.That(counts[pieces], Is.Zero);
    }

    [Test]
    public void Run_AfterWorkersFellAsleep_StillDoesEveryPiece()
    {
        using WorkerPool pool = new(3);
        int[] counts = new int[300];
        fixed (int* pointer = counts)
        {
            for (int repeat = 1; repeat <= 10; repeat++)
            {
                Thread.Sleep(5);
                CountJob job = new(pointer, failAt: -1);
                pool.Run(ref job, counts.Length, 1);
                Assert.That(counts, Is.All.EqualTo(repeat));
            }
        }
    }

    [Test]
    public void Run_PieceThrows_TheCallerGetsItAndThePoolGoesOn([Values(1, 4)] int workers)
    {
        using WorkerPool pool = new(workers);
        int[] counts = new int[100];
        fixed (int* pointer = counts)
        {
            for (int repeat = 0; repeat < 20; repeat++)
            {
                CountJob failing = new(pointer, failAt: repeat * 5);
                Exception? caught = null;
                try
                {
                    pool.Run(ref failing, counts.Length, 1);
                }
                catch (InvalidDataException exception)
                {
                    caught = exception;
                }

                Assert.That(caught?.Message, Is.EqualTo($"piece {repeat * 5}"));
            }

            Array.Clear(counts);
            CountJob job = new(pointer, failAt: -1);
            pool.Run(ref job, counts.Length, 1);
        }

        Assert.That(counts, Is.All.EqualTo(1));
    }

    [Test]
    public void Dispose_ThenRun_IsRefused()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        CountJob job = new(null, failAt: -1);
        Assert.That(() => pool.Run(ref job, 1, 1), Throws.InstanceOf<ObjectDisposedException>());
    }

    private readonly struct CountJob(int* counts, int failAt) : IJob
    {
        private readonly int* _counts = counts;
        private readonly int _failAt = failAt;

        public void Execute(int worker, long start, long end)
        {
            for (long i = start; i < end; i++)
            {
                if (i == _failAt)
                {
                    throw new InvalidDataException($"piece {i}");
                }

                Interlocked.Increment(ref _counts[i]);
            }
        }
    }
}
