using System.Numerics.Tensors;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Reduces the same elements of all ranks, in rank order, in binary32, and rounds once: the same bits on every rank.</summary>
internal static class RankOrderReduction
{
    private const int ChunkLength = 1024;

    /// <summary>Reduces into <paramref name="result"/>, which is <paramref name="rank"/>'s own block too.</summary>
    /// <param name="result">Where to.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="blocks">[ranks, result.Count], row-major; this rank's row is not read.</param>
    /// <param name="ranks">Rows.</param>
    /// <param name="reduction">How.</param>
    internal static void Run(in CommRegion result, int rank, in CommRegion blocks, int ranks, Reduction reduction)
    {
        Span<float> total = stackalloc float[ChunkLength];
        Span<float> other = stackalloc float[ChunkLength];
        for (long done = 0; done < result.Count; done += ChunkLength)
        {
            int count = (int)Math.Min(ChunkLength, result.Count - done);
            Span<float> sum = total[..count];
            CommRegion mine = result.Slice(done, count);
            Load(rank == 0 ? mine : blocks.Slice(done, count), sum);
            for (int r = 1; r < ranks; r++)
            {
                Span<float> next = other[..count];
                Load(r == rank ? mine : blocks.Slice((r * result.Count) + done, count), next);
                if (reduction == Reduction.Sum)
                {
                    TensorPrimitives.Add(sum, next, sum);
                }
                else
                {
                    TensorPrimitives.Max(sum, next, sum);
                }
            }

            Store(sum, mine);
        }
    }

    private static unsafe void Load(in CommRegion from, Span<float> to)
    {
        if (from.Kind == ElementKind.Float32)
        {
            new ReadOnlySpan<float>((void*)from.Address, to.Length).CopyTo(to);
            return;
        }

        ushort* values = (ushort*)from.Address;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
        }
    }

    private static unsafe void Store(ReadOnlySpan<float> from, in CommRegion to)
    {
        if (to.Kind == ElementKind.Float32)
        {
            from.CopyTo(new Span<float>((void*)to.Address, from.Length));
            return;
        }

        ushort* values = (ushort*)to.Address;
        for (int i = 0; i < from.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(from[i]);
            values[i] = float.IsNaN(from[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}
