using System.Numerics.Tensors;

namespace LongContext.Communication.InProcess;

/// <summary>Reduces the same elements of all ranks, in rank order, in binary32, and writes the result to all: the same bits everywhere.</summary>
internal static class RankOrderReduction
{
    private const int ChunkLength = 1024;

    /// <summary>Reduces <paramref name="length"/> elements from <paramref name="start"/> on.</summary>
    internal static void Run(RankPart[] parts, long start, long length)
    {
        Span<float> total = stackalloc float[ChunkLength];
        Span<float> other = stackalloc float[ChunkLength];
        for (long done = 0; done < length; done += ChunkLength)
        {
            int count = (int)Math.Min(ChunkLength, length - done);
            Span<float> sum = total[..count];
            Load(parts[0].Send.Slice(start + done, count), sum);
            for (int rank = 1; rank < parts.Length; rank++)
            {
                Span<float> next = other[..count];
                Load(parts[rank].Send.Slice(start + done, count), next);
                if (parts[0].Reduction == Reduction.Sum)
                {
                    TensorPrimitives.Add(sum, next, sum);
                }
                else
                {
                    TensorPrimitives.Max(sum, next, sum);
                }
            }

            foreach (RankPart part in parts)
            {
                Store(sum, part.Receive.Slice(start + done, count));
            }
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
            values[i] = Round(from[i]);
        }
    }

    /// <summary>To nearest, ties to even; NaN stays NaN.</summary>
    private static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
