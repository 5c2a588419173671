using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs the generated few-row kernels of a weight type once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class FewRowsSelfCheck
{
    private const int Groups = 2, Outputs = Groups * FewRowsWriter.Outputs, Most = FewRowsWriter.MostRows, Features = 512, Blocks = Features / Int8Products.Block;

    /// <summary>Whether all kernels give the very bits of <see cref="Int8Products"/>.</summary>
    internal static bool Passes(FewRowsKernels kernels, DType type)
    {
        long stride = BlockFormat.Of(type).ByteCount(Features);
        byte[] weights = Weights(type, (int)(Outputs * stride));
        float[] x = [.. Enumerable.Range(0, Most * Features).Select(i => ((i * 7919 % 2003) - 1001) * 0.01f)];
        float[] expected = new float[Most * Outputs];
        fixed (byte* w = weights)
        fixed (float* px = x)
        {
            sbyte* codes = stackalloc sbyte[Features];
            float* scales = stackalloc float[Blocks];
            int* sums = stackalloc int[2 * Blocks];
            for (int row = 0; row < Most; row++)
            {
                Int8Products.Quantise(px + (row * Features), Features, codes, scales, sums);
                for (int output = 0; output < Outputs; output++)
                {
                    expected[(row * Outputs) + output] = Int8Products.Dot(type, w + (output * stride), Features, codes, scales, sums);
                }
            }

            for (int rows = 1; rows <= Most; rows++)
            {
                if (!IsRight(kernels, type, rows, px, w, expected))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsRight(FewRowsKernels kernels, DType type, int rows, float* x, byte* w, float[] expected)
    {
        Int8Layout layout = Int8Panel.Layout(type);
        byte[] tile = new byte[Int8RowsJob.Bytes(rows, Blocks, layout)];
        float[] sums = new float[rows * Outputs];
        float[] scratch = new float[FewRowsWriter.ScratchFloats];
        fixed (byte* quantised = tile)
        fixed (float* to = sums)
        fixed (float* own = scratch)
        {
            Int8RowsJob quantise = new(x, rows, Blocks, BlockCodes.Zero(type), layout, quantised, rows);
            quantise.Execute(0, 0, quantise.Pieces);
            kernels.Dot(rows, new FewRowsArguments
            {
                X = quantised,
                W = w,
                WStride = BlockFormat.Of(type).ByteCount(Features),
                Steps = Features / BlockFormat.Of(type).ElementsPerBlock,
                Groups = Groups,
                Sums = to,
                Scratch = own,
            });
        }

        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                (int group, int lane) = (output / FewRowsWriter.Outputs, output % FewRowsWriter.Outputs);
                if (sums[(((group * rows) + row) * FewRowsWriter.Outputs) + lane] != expected[(row * Outputs) + output])
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Blocks of all bit patterns with scales of a sane size, the same on every run; some bytes more, which short blocks read on into.</summary>
    private static byte[] Weights(DType type, int length)
    {
        byte[] bytes = new byte[length + FewRowsWriter.PastTheEnd];
        uint state = 1;
        for (int i = 0; i < bytes.Length; i++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            bytes[i] = (byte)(state >> 24);
        }

        int blockBytes = BlockFormat.Of(type).BytesPerBlock;
        int scaleAt = type == DType.Q6_K ? blockBytes - sizeof(ushort) : 0;
        for (int block = 0; block < length; block += blockBytes)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(block + scaleAt), (Half)(0.01f + (block * 1e-5f)));
            if (BlockCodes.HasMinimum(type))
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(block + sizeof(ushort)), (Half)(0.02f - (block * 1e-5f)));
            }
        }

        return bytes;
    }
}
