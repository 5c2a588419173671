using System.Numerics.Tensors;

namespace LongContext.Communication;

/// <summary>
/// Reduces the same elements of several ranks, in the order of the ranks, in binary32, and rounds once: whoever does it gets the same bits.
/// For implementers of communicators.
/// </summary>
public static class RankOrderReduction
{
    private const int ChunkLength = 1024;

    /// <summary>Reduces. Allocates nothing.</summary>
    /// <param name="sources">Each rank's elements, in the order of the ranks; at least one, all of one length and kind.</param>
    /// <param name="targets">Where the result goes; of the same length and kind. May be sources too.</param>
    /// <param name="reduction">How.</param>
    /// <exception cref="ArgumentException">Regions differ in length or kind, are bytes, or there is no source.</exception>
    public static void Run(ReadOnlySpan<CommRegion> sources, ReadOnlySpan<CommRegion> targets, Reduction reduction)
    {
        Check(sources, targets);
        Span<float> total = stackalloc float[ChunkLength];
        Span<float> other = stackalloc float[ChunkLength];
        long length = sources[0].Count;
        for (long done = 0; done < length; done += ChunkLength)
        {
            int count = (int)Math.Min(ChunkLength, length - done);
            Span<float> sum = total[..count];
            Load(sources[0].Slice(done, count), sum);
            foreach (CommRegion source in sources[1..])
            {
                Span<float> next = other[..count];
                Load(source.Slice(done, count), next);
                if (reduction == Reduction.Sum)
                {
                    TensorPrimitives.Add(sum, next, sum);
                }
                else
                {
                    TensorPrimitives.Max(sum, next, sum);
                }
            }

            foreach (CommRegion target in targets)
            {
                Store(sum, target.Slice(done, count));
            }
        }
    }

    private static void Check(ReadOnlySpan<CommRegion> sources, ReadOnlySpan<CommRegion> targets)
    {
        if (sources.IsEmpty || sources[0].Kind == ElementKind.Byte)
        {
            throw new ArgumentException("There must be a source, and its elements numbers.", nameof(sources));
        }

        (long count, ElementKind kind) = (sources[0].Count, sources[0].Kind);
        CheckAll(sources, count, kind, nameof(sources));
        CheckAll(targets, count, kind, nameof(targets));
    }

    private static void CheckAll(ReadOnlySpan<CommRegion> regions, long count, ElementKind kind, string name)
    {
        foreach (CommRegion region in regions)
        {
            if (region.Count != count || region.Kind != kind)
            {
                throw new ArgumentException($"All must have {count} {kind} elements, but one has {region.Count} {region.Kind} elements.", name);
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
