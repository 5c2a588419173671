using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Rounds float values to an element type, a row of whole blocks at a time.</summary>
/// <remarks>F32, F16, BF16, Q8_0 and Q4_0 round as GGML's reference code does, bit for bit; the others are valid and plain, not optimal.</remarks>
internal static class Quantizer
{
    /// <summary>The bytes of <paramref name="values"/> in <paramref name="type"/>.</summary>
    internal static byte[] Encode(ReadOnlySpan<float> values, DType type)
    {
        byte[] bytes = new byte[BlockFormat.Of(type).ByteCount(values.Length)];
        Encode(values, type, bytes);
        return bytes;
    }

    /// <summary>Writes <paramref name="values"/> in <paramref name="type"/> to <paramref name="bytes"/>, which must have exactly their size.</summary>
    internal static void Encode(ReadOnlySpan<float> values, DType type, Span<byte> bytes)
    {
        BlockFormat format = BlockFormat.Of(type);
        if (format.ByteCount(values.Length) != bytes.Length)
        {
            throw new ArgumentException($"{values.Length} values of {type} do not take {bytes.Length} bytes.", nameof(bytes));
        }

        switch (type)
        {
            case DType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                return;
            case DType.F16:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    halves[i] = (Half)values[i];
                }

                return;
            case DType.BF16:
                Span<ushort> words = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    uint bits = BitConverter.SingleToUInt32Bits(values[i]);
                    words[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
                }

                return;
        }

        for (int i = 0; i < values.Length / format.ElementsPerBlock; i++)
        {
            ReadOnlySpan<float> x = values.Slice(i * format.ElementsPerBlock, format.ElementsPerBlock);
            Span<byte> block = bytes.Slice(i * format.BytesPerBlock, format.BytesPerBlock);
            switch (type)
            {
                case DType.Q8_0:
                    BlockQuantizer.Q8_0(x, block);
                    break;
                case DType.Q4_0:
                    BlockQuantizer.Q4_0(x, block);
                    break;
                case DType.Q5_0:
                    BlockQuantizer.Q5_0(x, block);
                    break;
                case DType.Q4_1:
                    BlockQuantizer.Q4_1(x, block);
                    break;
                case DType.Q5_1:
                    BlockQuantizer.Q5_1(x, block);
                    break;
                case DType.Q4_K:
                    SuperBlockQuantizer.Q4_K(x, block);
                    break;
                case DType.Q5_K:
                    SuperBlockQuantizer.Q5_K(x, block);
                    break;
                case DType.Q6_K:
                    SuperBlockQuantizer.Q6_K(x, block);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(type), type, "No encoder.");
            }
        }
    }
}
