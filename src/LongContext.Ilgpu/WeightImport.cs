using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Ilgpu;

/// <summary>Copies a host weight to the device as F32, a piece at a time.</summary>
internal static class WeightImport
{
    private const int PieceElements = 1 << 20; // 4 MiB of floats at a time; a multiple of every block size

    internal static unsafe void Run(in Tensor host, in Tensor device)
    {
        BlockFormat format = BlockFormat.Of(host.Type);
        float[] piece = new float[(int)Math.Min(PieceElements, Math.Max(host.Shape.ElementCount, 1))];
        for (long start = 0; start < host.Shape.ElementCount; start += PieceElements)
        {
            int count = (int)Math.Min(PieceElements, host.Shape.ElementCount - start);
            ReadOnlySpan<byte> source = new(host.HostPointer + format.ByteCount(start), (int)format.ByteCount(count));
            ToFloat(host.Type, source, piece.AsSpan(0, count));
            Tensor target = new(device.Storage, device.ByteOffset + (start * sizeof(float)), DType.F32, new TensorShape(count));
            DeviceCopy.FromHost<float>(piece.AsSpan(0, count), IlgpuBuffer.View<float>(target));
        }
    }

    private static void ToFloat(DType type, ReadOnlySpan<byte> source, Span<float> values)
    {
        switch (type)
        {
            case DType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(values);
                break;
            case DType.F16:
                System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), values);
                break;
            default:
                throw new NotSupportedException($"{type}");
        }
    }
}
