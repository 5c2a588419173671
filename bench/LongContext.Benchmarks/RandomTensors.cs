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
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No benchmark asks for it.");
        }

        return tensor;
    }
}
