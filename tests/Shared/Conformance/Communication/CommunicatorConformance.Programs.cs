using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Random programs: the same operations on all ranks, each rank at its own pace, waiting in its own order.</summary>
internal abstract partial class CommunicatorConformance
{
    [Test]
    public void Program_OfAnyOperations_GivesEveryRankItsBytes([ValueSource(nameof(SeveralRanks))] int size, [Values(1, 2, 3, 4)] int seed)
    {
        const int operations = 150, mostOutstanding = 12;
        OnRanks(size, c =>
        {
            Random program = new(seed); // the same draws on all ranks
            Random pace = new((seed * 1000) + c.Rank);
            using ICommunicator half = c.Split(c.Rank % 2, -c.Rank);
            List<(CommOperation Operation, Action Verify, RankMemory Memory)> outstanding = [];
            for (int i = 0; i < operations; i++)
            {
                RankMemory memory = new(c);
                (CommOperation operation, Action verify) = StartOne(program.Next(3) == 0 ? half : c, memory, program, new CommTag((uint)i, 0, CommPhase.Check, 0));
                outstanding.Add((operation, verify, memory));
                while (outstanding.Count > 0 && (outstanding.Count >= mostOutstanding || i == operations - 1 || pace.Next(4) == 0))
                {
                    int next = pace.Next(outstanding.Count);
                    outstanding[next].Operation.Wait();
                    outstanding[next].Verify();
                    outstanding[next].Memory.Dispose();
                    outstanding.RemoveAt(next);
                }

                if (pace.Next(40) == 0)
                {
                    Thread.Sleep(1);
                }
            }
        });
    }

    /// <summary>Draws an operation; every rank of the world draws as often, whatever group it is in.</summary>
    private static (CommOperation Operation, Action Verify) StartOne(ICommunicator c, RankMemory memory, Random program, CommTag tag)
    {
        int verb = program.Next(5);
        int count = program.Next(4) switch { 0 => 0, 1 => program.Next(1, 50), 2 => program.Next(50, 3000), _ => program.Next(3000, 40_000) };
        int draw = program.Next(1000);
        int salt = (int)tag.Step;
        (int size, IReadOnlyList<int> world) = (c.Size, c.Info.WorldRanks);
        switch (verb)
        {
            case 0:
            {
                long[] counts = [.. Enumerable.Range(0, size).Select(r => (long)((r + draw) % 3) * count / 3)];
                CommRegion all = memory.Floats(counts.Sum());
                return (c.AllGather(memory.Own(counts[c.Rank], salt), all, counts, tag), () =>
                {
                    for (int r = 0; r < size; r++)
                    {
                        AssertFrom(all.Slice(counts.Take(r).Sum(), counts[r]), world[r], salt: salt);
                    }
                });
            }

            case 1:
            {
                CommRegion result = memory.Floats((long)count * size);
                return (c.AllToAll(memory.Own((long)count * size, salt), result, tag), () =>
                {
                    for (int r = 0; r < size; r++)
                    {
                        AssertFrom(result.Slice((long)r * count, count), world[r], (long)c.Rank * count, salt);
                    }
                });
            }

            case 2:
            {
                int shift = draw % size;
                (int to, int from) = ((c.Rank + shift) % size, (c.Rank + size - shift) % size);
                CommRegion result = memory.Floats(count);
                return (c.SendReceive(memory.Own(count, salt), to, result, from, tag), () => AssertFrom(result, world[from], salt: salt));
            }

            case 3:
            {
                int root = draw % size;
                CommRegion region = memory.Own(count, salt);
                return (c.Broadcast(region, root, tag), () => AssertFrom(region, world[root], salt: salt));
            }

            default:
            {
                CommRegion region = memory.Own(count, salt);
                return (c.AllReduce(region, Reduction.Max, tag), () =>
                {
                    for (int i = 0; i < count; i += 1 + (count / 50))
                    {
                        Assert.That(RankMemory.Read(region)[i], Is.EqualTo(world.Max(r => RankMemory.Value(r, i, salt))));
                    }
                });
            }
        }
    }
}
