using System.Diagnostics;
using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>Tile registers of a real processor among threads, collections and null dereferences.</summary>
[TestFixture]
internal sealed class AmxStressTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    [Test]
    [CancelAfter(60_000)]
    public void TileThreads_ThatThrowOnNullWhileOthersCollect_ComputeRightly()
    {
        Assume.That(AmxBackend.IsNative, "no AMX here");
        AmxKernels kernels = AmxBackend.Kernels();
        long start = Stopwatch.GetTimestamp();
        (int wrong, int caught, int right) = (0, 0, 0);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(Compute)), new Thread(Collect)];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Multiple(() =>
        {
            Assert.That(wrong, Is.Zero);
            Assert.That(right, Is.Positive);
            Assert.That(caught, Is.EqualTo(right));
        });

        void Compute()
        {
            while (Stopwatch.GetElapsedTime(start) < Duration)
            {
                bool isRight = AmxSelfCheck.Passes(kernels);
                Interlocked.Increment(ref isRight ? ref right : ref wrong);
                try
                {
                    Length(null);
                }
                catch (NullReferenceException)
                {
                    Interlocked.Increment(ref caught);
                }
            }
        }

        void Collect()
        {
            while (Stopwatch.GetElapsedTime(start) < Duration)
            {
                GC.Collect();
                Thread.Sleep(1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(int[]? numbers) => numbers!.Length;
}
