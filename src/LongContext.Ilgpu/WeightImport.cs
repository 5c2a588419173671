using LongContext.Tensors;
using Decoder = LongContext.Backends.Cpu.Kernels.RowDecoder<LongContext.Backends.Cpu.Simd.Simd128, System.Runtime.Intrinsics.Vector128<float>>;

namespace LongContext.Ilgpu;

/// <summary>Copies a host weight of any type to the device as F32, a piece at a time.</summary>
internal static unsafe class WeightImport
{
    private const int PieceElements = 1 << 20; // 4 MiB of floats; a multiple of every block size

    internal static void Run(in Tensor host, in Tensor device)
    {
        BlockFormat format = BlockFormat.Of(host.Type);
        float* scratch = stackalloc float[Decoder.ScratchFloats];
        float[] piece = new float[(int)Math.Min(PieceElements, host.Shape.ElementCount)];
        for (long start = 0; start < host.Shape.ElementCount; start += PieceElements)
        {
            int count = (int)Math.Min(PieceElements, host.Shape.ElementCount - start);
            fixed (float* values = piece)
            {
                Decoder.Decode(host.Type, host.HostPointer + format.ByteCount(start), values, count, scratch);
            }

            Tensor target = new(device.Storage, device.ByteOffset + (start * sizeof(float)), DType.F32, new TensorShape(count));
            DeviceCopy.FromHost<float>(piece.AsSpan(0, count), IlgpuBuffer.View<float>(target));
        }
    }
}
