using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>Reproducible operands in host memory.</summary>
internal static class TestData
{
    /// <summary>Types a weight may have.</summary>
    internal static readonly DType[] WeightTypes =
    [
        DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q4_K, DType.Q5_K, DType.Q6_K,
    ];

    /// <summary>Roughly normal numbers.</summary>
    internal static float[] Normal(long count, int seed, double spread = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(spread * (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2) * 1.7);
        }

        return values;
    }

    /// <summary>A weight matrix of any type: every bit pattern of the quantised values, scales of a sane size, data not aligned.</summary>
    internal static Tensor Weight(DType type, int rows, int columns, int seed)
    {
        const int offset = 4; // a mapped file promises no more
        TensorShape shape = new(rows, columns);
        BlockFormat format = BlockFormat.Of(type);
        byte[] bytes = new byte[format.ByteCount(shape.ElementCount)];
        new Random(seed).NextBytes(bytes);
        float[] numbers = Normal(bytes.Length / format.BytesPerBlock * 2, seed + 1, spread: 0.05);
        for (int block = 0; block < bytes.Length / format.BytesPerBlock; block++)
        {
            Span<byte> b = bytes.AsSpan(block * format.BytesPerBlock, format.BytesPerBlock);
            (float first, float second) = (numbers[2 * block], numbers[(2 * block) + 1]);
            switch (type)
            {
                case DType.F32:
                    MemoryMarshal.Write(b, first);
                    break;
                case DType.BF16:
                    MemoryMarshal.Write(b, (ushort)(BitConverter.SingleToUInt32Bits(first) >> 16));
                    break;
                case DType.Q6_K:
                    MemoryMarshal.Write(b[208..], (Half)(first / 64));
                    break;
                case DType.F16 or DType.Q8_0 or DType.Q4_0 or DType.Q5_0:
                    MemoryMarshal.Write(b, (Half)first);
                    break;
                default:
                    MemoryMarshal.Write(b, (Half)first);
                    MemoryMarshal.Write(b[2..], (Half)second);
                    break;
            }
        }

        return Place(bytes, type, shape, offset);
    }

    /// <summary>A host tensor with these bytes, <paramref name="offset"/> bytes after an aligned address.</summary>
    internal static unsafe Tensor Place(ReadOnlySpan<byte> bytes, DType type, TensorShape shape, int offset = 0)
    {
        HostStorage storage = HostStorage.Allocate(offset + bytes.Length);
        bytes.CopyTo(new Span<byte>(storage.Pointer + offset, bytes.Length));
        return new Tensor(storage, offset, type, shape);
    }
}
