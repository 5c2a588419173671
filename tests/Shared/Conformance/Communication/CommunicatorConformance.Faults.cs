using System.Diagnostics;
using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>A rank that does not come, or is gone, ends the work of all: soon, by name, once.</summary>
internal abstract partial class CommunicatorConformance
{
    private static readonly CommunicatorOptions Impatient = new() { OperationDeadline = TimeSpan.FromSeconds(1) };

    [Test]
    public void Wait_ForARankThatNeverComes_EndsAtTheDeadlineAndNamesIt([ValueSource(nameof(SeveralRanks))] int size)
    {
        int missing = size / 2;
        IReadOnlyList<Exception?> outcomes = Outcomes(size, Impatient, c =>
        {
            using RankMemory memory = new(c);
            if (c.Rank == missing)
            {
                Assert.That(c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)), Is.True, "The absent rank hears of the fault too.");
                return;
            }

            Stopwatch watch = Stopwatch.StartNew();
            CommOperation operation = c.AllGather(memory.Own(3), memory.Floats(3 * size), Tag(7, CommPhase.PassingBlocks));
            CommunicatorException thrown = Assert.Throws<CommunicatorException>(operation.Wait)!;
            Assert.That(watch.Elapsed, Is.LessThan(Impatient.OperationDeadline + TimeSpan.FromSeconds(5)));
            throw thrown;
        });
        Assert.That(outcomes[missing], Is.Null);
        foreach (Exception? outcome in outcomes.Where((_, rank) => rank != missing))
        {
            CommunicatorFault fault = ((CommunicatorException)outcome!).Fault;
            Assert.That(fault.Kind, Is.EqualTo(FaultKind.DeadlineExceeded));
            Assert.That(fault.SuspectedRank, Is.EqualTo(missing));
            Assert.That(fault.Tag, Is.EqualTo(Tag(7, CommPhase.PassingBlocks)));
            Assert.That(fault.Message, Does.Contain($"rank {missing}").And.Contain("AllGather").And.Contain("PassingBlocks"));
        }
    }

    [Test]
    public void Wait_InShortPieces_MeetsTheSameDeadline()
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(2, Impatient, c =>
        {
            if (c.Rank == 1)
            {
                c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
                return;
            }

            CommOperation operation = c.Barrier(Tag());
            Stopwatch watch = Stopwatch.StartNew();
            while (!operation.Wait(TimeSpan.FromMilliseconds(5)) && watch.Elapsed < TimeSpan.FromSeconds(20))
            {
            }
        });
        Assert.That(outcomes[0], Is.InstanceOf<CommunicatorException>());
        Assert.That(((CommunicatorException)outcomes[0]!).Fault.Kind, Is.EqualTo(FaultKind.DeadlineExceeded));
    }

    [Test]
    public void Wait_WithALimit_SaysNotYet_AndTheOperationGoesOn()
    {
        OnRanks(2, c =>
        {
            using RankMemory memory = new(c);
            CommRegion all = memory.Floats(2 * 100);
            if (c.Rank == 1)
            {
                Thread.Sleep(100);
            }

            CommOperation operation = c.AllGather(memory.Own(100), all, Tag());
            if (c.Rank == 0)
            {
                Assert.That(operation.IsCompleted, Is.False);
                Assert.That(operation.Wait(TimeSpan.FromMilliseconds(5)), Is.False);
            }

            operation.Wait();
            AssertFrom(all.Slice(100, 100), 1);
        });
    }

    [Test]
    public void Rank_ThatThrows_EndsTheWaitOfOthers([ValueSource(nameof(SeveralRanks))] int size)
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(size, CommunicatorOptions.Default, c =>
        {
            using RankMemory memory = new(c);
            c.Barrier(Tag()).Wait();
            if (c.Rank == size - 1)
            {
                throw new InvalidOperationException("out of memory, say");
            }

            c.AllReduce(memory.Own(10), Reduction.Sum, Tag(1)).Wait();
        });
        Assert.That(outcomes[size - 1], Is.InstanceOf<InvalidOperationException>());
        foreach (Exception? outcome in outcomes.Take(size - 1))
        {
            CommunicatorFault fault = ((CommunicatorException)outcome!).Fault;
            Assert.That(fault.Kind, Is.EqualTo(FaultKind.RankEnded));
            Assert.That(fault.SuspectedRank, Is.EqualTo(size - 1));
            Assert.That(fault.Message, Does.Contain($"rank {size - 1}").IgnoreCase);
        }
    }

    [Test]
    public void Rank_ThatCloses_EndsTheWaitOfOthers_ThoughItsThreadLivesOn()
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(2, CommunicatorOptions.Default, c =>
        {
            c.Barrier(Tag()).Wait();
            if (c.Rank == 1)
            {
                c.Dispose();
                Assert.That(c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)), Is.True);
                return;
            }

            c.Barrier(Tag(1)).Wait();
        });
        Assert.That(outcomes[1], Is.Null);
        CommunicatorFault fault = ((CommunicatorException)outcomes[0]!).Fault;
        Assert.That(fault.Kind, Is.EqualTo(FaultKind.RankEnded));
        Assert.That(fault.SuspectedRank, Is.EqualTo(1));
    }

    [Test]
    public void Rank_ThatLeavesAnOperationUnfinished_IsAFault()
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(2, CommunicatorOptions.Default, c =>
        {
            if (c.Rank == 0)
            {
                c.Barrier(Tag()); // and goes, without waiting
                return;
            }

            Assert.That(c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)), Is.True);
            c.Barrier(Tag()).Wait();
        });
        Assert.That(outcomes[0], Is.Null);
        Assert.That(((CommunicatorException)outcomes[1]!).Fault.Kind, Is.EqualTo(FaultKind.RankEnded));
    }

    [Test]
    public void Rank_ThatEndsAfterItsWork_IsNoFault()
    {
        OnRanks(3, c =>
        {
            c.Barrier(Tag()).Wait();
            if (c.Rank == 2)
            {
                Thread.Sleep(100); // the others are gone by now
                Assert.That(c.State, Is.EqualTo(CommunicatorState.Open));
                Assert.That(c.Faulted.IsCancellationRequested, Is.False);
            }
        });
    }

    [Test]
    public void Fault_IsFinal_AndFiresOnce()
    {
        Outcomes(2, Impatient, c =>
        {
            int fired = 0;
            using CancellationTokenRegistration registration = c.Faulted.Register(() => Interlocked.Increment(ref fired));
            if (c.Rank == 1)
            {
                c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
            }

            CommunicatorException first = Assert.Throws<CommunicatorException>(() => c.Barrier(Tag()).Wait())!;
            CommunicatorException second = Assert.Throws<CommunicatorException>(() => c.Barrier(Tag(1)).Wait())!;
            Assert.That(second.Fault, Is.EqualTo(first.Fault));
            Assert.That(c.Fault, Is.EqualTo(first.Fault));
            Assert.That(c.State, Is.EqualTo(CommunicatorState.Faulted));
            Assert.That(() => Volatile.Read(ref fired), Is.EqualTo(1).After(2000, 5));
        }).ToList().ForEach(e => Assert.That(e, Is.Null));
    }

    [Test]
    public void Communicator_AfterDispose_RefusesOperations()
    {
        OnRanks(1, c =>
        {
            c.Dispose();
            c.Dispose();
            Assert.That(c.State, Is.EqualTo(CommunicatorState.Closed));
            Assert.That(() => c.Barrier(Tag()), Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public void Arguments_ThatDoNotFit_AreRefusedBeforeAnythingStarts()
    {
        OnRanks(2, c =>
        {
            using RankMemory memory = new(c);
            CommRegion five = memory.Own(5);
            CommRegion ten = memory.Floats(10);
            CommRegion bytes = new(ten.Address, 40, ElementKind.Byte);
            CommRegion none = CommRegion.Empty(ElementKind.Float32);
            Action[] bad =
            [
                () => c.AllGather(five, five, Tag()),                                    // 10 elements are received, not 5
                () => c.AllGather(ten.Slice(1, 5), ten, Tag()),                          // neither apart nor its own place
                () => c.AllGather(five, ten, [5, 5, 0], Tag()),                          // counts for three ranks
                () => c.AllGather(five, ten, [-5, 15], Tag()),
                () => c.AllGather(five, ten, [4, 6], Tag()),                             // neither rank sends 5
                () => c.AllGather(five, ten, [5, 4], Tag()),
                () => c.AllToAll(five, memory.Floats(5), Tag()),                         // 5 elements for 2 ranks
                () => c.AllToAll(ten, ten, Tag()),                                       // in place
                () => c.AllToAll(ten, [5, 5], memory.Floats(9), [5, 5], Tag()),
                () => c.SendReceive(five, 2, memory.Floats(5), 0, Tag()),                // no such rank
                () => c.SendReceive(five, Communicator.NoRank, none, 0, Tag()),          // something for nobody
                () => c.Broadcast(five, -1, Tag()),
                () => c.AllReduce(bytes, Reduction.Sum, Tag()),
                () => c.AllToAll(ten, bytes with { Count = 10 }, Tag()),                 // kinds differ
                () => c.Broadcast(five with { Address = 0 }, 0, Tag()),
                () => c.Broadcast(five with { Count = -1 }, 0, Tag()),
                () => c.Broadcast(five with { Place = MemoryPlace.Cuda }, 0, Tag()),
                () => c.Barrier(Tag() with { Phase = (CommPhase)200 }),
                () => c.Split(-1, 0),
                () => c.Agree([new("text", new string('x', 70_000))]),
            ];
            foreach (Action call in bad)
            {
                Assert.That(call, Throws.InstanceOf<ArgumentException>());
            }

            c.AllGather(five, ten, Tag()).Wait(); // nothing has started: the ranks still agree
            AssertFrom(ten.Slice(5, 5), 1);
        });
    }
}
