using LongContext.Communication;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

/// <summary>What is true of ranks in one process only; the rest is the conformance suite's.</summary>
[TestFixture]
internal sealed class InProcessCommunicatorTests
{
    private static readonly CommTag Tag = new(0, 0, CommPhase.Check, 0);

    [Test]
    public void Operations_InSteadyState_AllocateNothing()
    {
        IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(2);
        long[] allocated = new long[2];
        Thread[] threads = [.. ranks.Select(c => new Thread(() => allocated[c.Rank] = AllocatedBy(c)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(allocated, Is.All.Zero);
    }

    [Test]
    public void Thread_ThatEndsWithoutAWord_IsNoticed()
    {
        IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(2);
        Thread silent = new(() => ranks[1].Barrier(Tag).Wait());
        silent.Start();
        ranks[0].Barrier(Tag).Wait();
        CommOperation second = ranks[0].Barrier(Tag);
        CommunicatorException thrown = Assert.Throws<CommunicatorException>(second.Wait)!;
        Assert.That(thrown.Fault.Kind, Is.EqualTo(FaultKind.RankEnded));
        Assert.That(thrown.Fault.SuspectedRank, Is.EqualTo(1));
    }

    [Test]
    public void Thread_ThatHandsItsCommunicatorOn_MayEnd()
    {
        IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(2);
        Thread first = new(() => ranks[1].Barrier(Tag).Wait());
        first.Start();
        ranks[0].Barrier(Tag).Wait();
        first.Join();
        CommOperation operation = ranks[0].Barrier(Tag);
        Assert.That(operation.Wait(TimeSpan.FromMilliseconds(100)), Is.False);
        Thread second = new(() => ranks[1].Barrier(Tag).Wait());
        second.Start();
        operation.Wait();
        second.Join();
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(1025)]
    public void Create_OfASizeThatMakesNoSense_IsRefused(int size)
    {
        Assert.That(() => InProcessCommunicator.Create(size), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Create_WithADeadlineThatMakesNoSense_IsRefused()
    {
        Assert.That(
            () => InProcessCommunicator.Create(2, new CommunicatorOptions { OperationDeadline = TimeSpan.Zero }),
            Throws.InstanceOf<ConfigurationException>().With.Message.Contains("OperationDeadline"));
    }

    [Test]
    public void Buffer_AfterDispose_IsRefused()
    {
        CommBuffer buffer = new(8);
        buffer.Dispose();
        buffer.Dispose();
        Assert.That(() => buffer.Region(ElementKind.Byte), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => buffer.Span<byte>().Length, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Buffer_UnderATensor_IsTheSameMemory_AndDiesWithEither()
    {
        CommBuffer buffer = new(64);
        Tensor tensor = new(buffer.Storage, 16, DType.F32, new TensorShape(3));
        tensor.HostSpan<float>()[2] = 7;
        Assert.That(buffer.Span<float>()[6], Is.EqualTo(7));
        Assert.That(CommRegion.Of(tensor), Is.EqualTo(buffer.Region(ElementKind.Float32).Slice(4, 3)));
        buffer.Storage.Dispose();
        Assert.That(() => buffer.Region(ElementKind.Byte), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static long AllocatedBy(ICommunicator c)
    {
        using CommBuffer send = c.Allocate(4096);
        using CommBuffer receive = c.Allocate(8192);
        long[] half = [512, 512];
        long[] whole = [1024, 1024];
        void Step()
        {
            CommRegion mine = send.Region(ElementKind.Float32);
            CommRegion all = receive.Region(ElementKind.Float32);
            CommOperation ring = c.SendReceive(mine, 1 - c.Rank, all.Slice(0, 1024), 1 - c.Rank, Tag);
            ring.Wait();
            c.AllGather(mine, all, Tag).Wait();
            c.AllGather(mine, all, whole, Tag).Wait();
            c.AllToAll(mine, half, all.Slice(0, 1024), half, Tag).Wait();
            c.AllReduce(mine, Reduction.Sum, Tag).Wait();
            c.Broadcast(mine, 0, Tag).Wait();
            c.Barrier(Tag).Wait();
        }

        return Allocations.OfThisThread(Step, warmUp: 200, repeats: 100); // 200: every reused operation has seen every verb
    }
}
