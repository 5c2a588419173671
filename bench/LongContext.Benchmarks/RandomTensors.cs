using LongContext.Tensors;

namespace LongContext.Benchmarks;

/// <summary>Operands of any type with ordinary numbers in them: no NaN, no infinity, no subnormals.</summary>
internal static class RandomTensors
{
    internal static unsafe Tensor Create(DType type, TensorShape shape, int seed)
    {
        long bytes = BlockFormat.Of(type).ByteCount(shape.ElementCount);
        Tensor tensor = new(HostStorage.Allocate(bytes), 0, type, shape);
        Random random = new(seed);
        switch (type)
        {
            case DType.F32:
                for (long i = 0; i < shape.ElementCount; i++)
                {
                    ((float*)tensor.HostPointer)[i] = random.NextSingle() - 0.5f;
                }

                break;
            case DType.BF16:
                for (long i = 0; i < shape.ElementCount; i++)
                {
                    ((ushort*)tensor.HostPointer)[i] = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16);
                }

                break;
            case DType.Q8_0:
                for (long block = 0; block < bytes; block += 34)
                {
                    *(Half*)(tensor.HostPointer + block) = (Half)0.004f;
                    random.NextBytes(new Span<byte>(tensor.HostPointer + block + 2, 32));
                }

                break;
            case DType.Q4_0 or DType.Q4_K or DType.Q5_K or DType.Q6_K:
                int blockBytes = BlockFormat.Of(type).BytesPerBlock;
                int scaleAt = type == DType.Q6_K ? blockBytes - sizeof(ushort) : 0;
                random.NextBytes(new Span<byte>(tensor.HostPointer, checked((int)bytes)));
                for (long block = 0; block < bytes; block += blockBytes)
                {
                    *(Half*)(tensor.HostPointer + block + scaleAt) = (Half)0.004f;
                    if (type is DType.Q4_K or DType.Q5_K)
                    {
                        *(Half*)(tensor.HostPointer + block + sizeof(ushort)) = (Half)0.004f;
                    }
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No benchmark asks for it.");
        }

        return tensor;
    }
}
