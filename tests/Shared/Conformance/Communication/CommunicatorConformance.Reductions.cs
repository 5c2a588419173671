using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Reductions give the bits of a loop over the ranks, the same on every rank.</summary>
internal abstract partial class CommunicatorConformance
{
    [Test]
    public void AllReduce_Sum_AddsInRankOrder([ValueSource(nameof(Sizes))] int size, [Values(0, 1, 5, 60_013)] int count)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion region = memory.Of(Wild(c.Rank, count));
            c.AllReduce(region, Reduction.Sum, Tag()).Wait();

            float[] expected = Wild(0, count);
            for (int rank = 1; rank < size; rank++)
            {
                float[] next = Wild(rank, count);
                for (int i = 0; i < count; i++)
                {
                    expected[i] += next[i];
                }
            }

            Assert.That(RankMemory.Read(region).SequenceEqual(expected), Is.True, "Other bits than those of a sum in rank order.");
        });
    }

    [Test]
    public void AllReduce_Max_TakesTheGreatest_AndKeepsNaN([ValueSource(nameof(Sizes))] int size)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            float[] mine = [c.Rank, -c.Rank, c.Rank == size / 2 ? float.NaN : 5, float.NegativeInfinity];
            CommRegion region = memory.Of(mine);
            c.AllReduce(region, Reduction.Max, Tag()).Wait();
            Assert.That(RankMemory.Read(region).ToArray(), Is.EqualTo(new[] { size - 1, 0, float.NaN, float.NegativeInfinity }));
        });
    }

    [Test]
    public void AllReduce_BFloat16_IsSummedInF32AndRoundedOnce([ValueSource(nameof(Sizes))] int size, [Values(1, 20_011)] int count)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion region = memory.Of(WildBits(c.Rank, count));
            c.AllReduce(region, Reduction.Sum, Tag()).Wait();

            ushort[][] all = [.. Enumerable.Range(0, size).Select(r => WildBits(r, count))];
            ushort[] expected = new ushort[count];
            for (int i = 0; i < count; i++)
            {
                expected[i] = NearestBits(all.Skip(1).Aggregate(Widen(all[0][i]), (sum, values) => sum + Widen(values[i])));
            }

            Assert.That(RankMemory.ReadBits(region).SequenceEqual(expected), Is.True);
        });
    }

    /// <summary>Numbers of very different sizes: a sum in another order has other bits.</summary>
    private static float[] Wild(int rank, int count)
    {
        Random random = new(rank + 17);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 7))))];
    }

    private static ushort[] WildBits(int rank, int count) => [.. Wild(rank, count).Select(NearestBits)];

    private static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The bfloat16 nearest to a finite number, found by distance: of two as near, the one with an even last bit.</summary>
    private static ushort NearestBits(float value)
    {
        ushort below = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16); // toward zero
        ushort above = (ushort)(below + 1);
        double toBelow = Math.Abs((double)value - Widen(below));
        double toAbove = Math.Abs((double)value - Widen(above));
        return toBelow < toAbove || (toBelow == toAbove && below % 2 == 0) ? below : above;
    }
}
