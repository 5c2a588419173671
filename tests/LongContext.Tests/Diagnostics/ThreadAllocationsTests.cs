using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Diagnostics;

/// <summary>Tests that nothing is allocated rely on this meter.</summary>
[TestFixture]
internal sealed class ThreadAllocationsTests
{
    [Test]
    public void Of_AStepThatAllocates_CountsEveryRepetition()
    {
        object? last = null;
        long bytes = ThreadAllocations.Of(() => last = new byte[1000], warmUp: 3, repeats: 50);
        Assert.That(bytes, Is.InRange(50 * 1000, (50 * 1040) + 8192));
        Assert.That(last, Is.Not.Null);
    }

    [Test]
    public void Of_AStepThatAllocatesNothing_IsZero_WhateverIsCollectedMeanwhile()
    {
        int collections = 0;
        long bytes = ThreadAllocations.Of(
            () =>
            {
                GC.Collect(2, GCCollectionMode.Forced, blocking: false);
                collections++;
            },
            warmUp: 1,
            repeats: 3);
        Assert.That(bytes, Is.Zero);
        Assert.That(collections, Is.EqualTo(10));
    }
}
