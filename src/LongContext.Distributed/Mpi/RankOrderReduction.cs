using System.Numerics.Tensors;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>Reduces the same elements of all ranks, in rank order, in binary32, and rounds once: one rank does it for all, so all have the same bits.</summary>
internal static unsafe class RankOrderReduction
{
    private const int ChunkLength = 1024;

    /// <summary>Reduces <paramref name="sources"/>, one of which may be <paramref name="target"/> itself, into it.</summary>
    internal static void Run(ReadOnlySpan<nint> sources, CommRegion target, Reduction reduction)
    {
        Span<float> total = stackalloc float[ChunkLength];
        Span<float> other = stackalloc float[ChunkLength];
        for (long done = 0; done < target.Count; done += ChunkLength)
        {
            int count = (int)Math.Min(ChunkLength, target.Count - done);
            nint offset = (nint)(done * target.ElementSize);
            Span<float> sum = total[..count];
            Load(sources[0] + offset, target.Kind, sum);
            foreach (nint source in sources[1..])
            {
                Span<float> next = other[..count];
                Load(source + offset, target.Kind, next);
                if (reduction == Reduction.Sum)
                {
                    TensorPrimitives.Add(sum, next, sum);
                }
                else
                {
                    TensorPrimitives.Max(sum, next, sum);
                }
            }

            Store(sum, target.Address + offset, target.Kind);
        }
    }

    private static void Load(nint from, ElementKind kind, Span<float> to)
    {
        if (kind == ElementKind.Float32)
        {
            new ReadOnlySpan<float>((void*)from, to.Length).CopyTo(to);
            return;
        }

        ushort* values = (ushort*)from;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
        }
    }

    private static void Store(ReadOnlySpan<float> from, nint to, ElementKind kind)
    {
        if (kind == ElementKind.Float32)
        {
            from.CopyTo(new Span<float>((void*)to, from.Length));
            return;
        }

        ushort* values = (ushort*)to;
        for (int i = 0; i < from.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(from[i]); // to nearest, ties to even; NaN stays NaN
            values[i] = float.IsNaN(from[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}
