using System.Buffers.Binary;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>Reads the small vectors of a file (norms, biases, rotary factors) as F32.</summary>
internal static class WeightVector
{
    /// <summary>The elements of a host vector of F32, F16 or BF16, each plus <paramref name="offset"/>.</summary>
    internal static unsafe void Read(in Tensor source, float offset, Span<float> destination)
    {
        int size = BlockFormat.Of(source.Type).BytesPerBlock;
        ReadOnlySpan<byte> bytes = new(source.HostPointer, checked(destination.Length * size));
        for (int i = 0; i < destination.Length; i++)
        {
            ReadOnlySpan<byte> element = bytes.Slice(i * size, size);
            destination[i] = offset + source.Type switch
            {
                DType.F32 => BinaryPrimitives.ReadSingleLittleEndian(element),
                DType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                DType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                _ => throw new ArgumentException($"A {source.Type} tensor is not a vector of floats.", nameof(source)),
            };
        }
    }
}
