using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Diagnostics;

/// <summary>Tests that nothing is allocated rely on this meter.</summary>
[TestFixture]
internal sealed class AllocationsTests
{
    [Test]
    public void OfThisThread_AStepThatAllocates_CountsEveryRepetition()
    {
        object? last = null;
        long bytes = Allocations.OfThisThread(() => last = new byte[1000], warmUp: 3, repeats: 50);
        Assert.That(bytes, Is.InRange(50 * 1000, (50 * 1040) + 8192));
        Assert.That(last, Is.Not.Null);
    }

    [Test]
    public void OfThisThread_AStepThatAllocatesNothing_IsZero_WhateverIsCollectedMeanwhile()
    {
        using CancellationTokenSource end = new();
        Thread other = new(() =>
        {
            object[] kept = new object[1000];
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                kept[i % kept.Length] = new byte[50_000];
                if (i % 1000 == 0)
                {
                    GC.Collect(2, GCCollectionMode.Default, blocking: false);
                }
            }
        });
        other.Start();
        long bytes = Allocations.OfThisThread(
            () =>
            {
                int before = GC.CollectionCount(2);
                long start = Environment.TickCount64;
                while (GC.CollectionCount(2) < before + 2 && Environment.TickCount64 - start < 10_000)
                {
                    Thread.Yield();
                }
            },
            warmUp: 0,
            repeats: 1);
        end.Cancel();
        other.Join();
        Assert.That(bytes, Is.Zero);
    }
}
