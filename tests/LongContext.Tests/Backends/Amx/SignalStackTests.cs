using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>Threads with a larger signal stack live, throw and end as others do.</summary>
[TestFixture]
internal sealed class SignalStackTests
{
    [Test]
    public void ThreadsThatEnlargedIt_ThrowOnNullAndEnd()
    {
        Assume.That(ExecutableMemory.IsSupported, "another machine");
        int caught = 0;
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(Work))];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());
        }

        Assert.That(caught, Is.EqualTo(2000));
        Assert.That(least, Is.EqualTo(64 << 10));

        void Work()
        {
            SignalStack.Enlarge();
            SignalStack.Enlarge();
            lock (this)
            {
                least = Math.Min(least, SignalStack.CurrentBytes);
            }

            for (int i = 0; i < 100; i++)
            {
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
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Length(int[]? numbers) => numbers!.Length;
}
