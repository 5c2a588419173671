using System.Buffers.Binary;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Runs every generated kernel of byte products once on known numbers before any is used: what computes wrongly here is never used.</summary>
internal static unsafe class Int8SelfCheck
{
    private const int Blocks = 3, Tiles = 2, Outputs = Int8KernelWriter.Outputs, Block = Int8KernelWriter.Block, Before = 7;

    /// <summary>Whether all kernels give the very bits that plain managed code gives.</summary>
    internal static bool Passes(Int8Kernels kernels)
    {
        foreach (Int8Layout layout in Enum.GetValues<Int8Layout>())
        {
            for (int rows = 1; rows <= Int8KernelWriter.MostRows; rows++)
            {
                if (!IsRight(kernels, rows, layout, more: -1))
                {
                    return false;
                }

                for (int more = 0; layout == Int8Layout.HalfScale && more < Int8KernelWriter.MoreLinesAhead.Length; more++)
                {
                    if (!IsRight(kernels, rows, layout, more))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    /// <summary>One kernel: <see cref="Int8Kernels.Tiles"/>, or <see cref="Int8Kernels.TilesAskingMore"/> where <paramref name="more"/> is not negative.</summary>
    private static bool IsRight(Int8Kernels kernels, int rows, Int8Layout layout, int more)
    {
        int tiles = rows == Int8KernelWriter.MostRows ? Tiles : 1;
        int xBlock = Int8KernelWriter.RowBlockBytes(layout), wBlock = Int8KernelWriter.PanelBlockBytes(layout);
        byte[] x = Bytes(tiles * Blocks * rows * xBlock), w = Bytes(Blocks * wBlock);
        for (int record = 0; record < x.Length; record += xBlock)
        {
            BinaryPrimitives.WriteSingleLittleEndian(x.AsSpan(record + Block), 0.01f + (record * 1e-5f));
            BinaryPrimitives.WriteInt32LittleEndian(x.AsSpan(record + Block + 4), record - 500);
            if (layout == Int8Layout.ScaleAndMinimum)
            {
                BinaryPrimitives.WriteSingleLittleEndian(x.AsSpan(record + Block + 8), 1.3f - record);
            }
            else if (layout == Int8Layout.TwoScales)
            {
                BinaryPrimitives.WriteInt32LittleEndian(x.AsSpan(record + Block + 8), 700 - record);
            }
        }

        for (int block = 0; block < w.Length; block += wBlock)
        {
            for (int number = Outputs * Block; layout == Int8Layout.HalfScale && number < wBlock; number += sizeof(ushort))
            {
                BinaryPrimitives.WriteHalfLittleEndian(w.AsSpan(block + number), (Half)(0.003f * (number % 101)));
            }

            for (int number = Outputs * Block; layout != Int8Layout.HalfScale && number < wBlock; number += sizeof(float))
            {
                BinaryPrimitives.WriteSingleLittleEndian(w.AsSpan(block + number), 0.003f * (number % 101));
            }
        }

        float[] y = new float[tiles * rows * Outputs];
        y.AsSpan().Fill(Before);
        for (int isContinued = 0; isContinued <= 1; isContinued++)
        {
            float[] expected = new float[y.Length];
            for (int i = 0; i < y.Length; i++)
            {
                int row = i / Outputs;
                expected[i] = Sum(x.AsSpan(row / rows * Blocks * rows * xBlock), rows, row % rows, w, i % Outputs, layout, isContinued == 0 ? 0 : y[i]);
            }

            fixed (byte* px = x)
            fixed (byte* pw = w)
            fixed (float* py = y)
            {
                Int8Arguments arguments = new()
                {
                    X = px,
                    W = pw,
                    Blocks = Blocks,
                    Tiles = tiles,
                    Y = py,
                    YStride = Outputs * sizeof(float),
                    IsContinued = isContinued,
                    Ahead = pw,
                    AheadStep = 1,
                };
                if (more < 0)
                {
                    kernels.Tiles(rows, layout, arguments);
                }
                else
                {
                    kernels.TilesAskingMore(rows, more, arguments);
                }
            }

            if (!y.SequenceEqual(expected))
            {
                return false;
            }
        }

        return true;
    }

    private static float Sum(ReadOnlySpan<byte> tile, int rows, int row, ReadOnlySpan<byte> panel, int output, Int8Layout layout, float sum)
    {
        int xBlock = Int8KernelWriter.RowBlockBytes(layout), wBlock = Int8KernelWriter.PanelBlockBytes(layout);
        for (int block = 0; block < Blocks; block++)
        {
            ReadOnlySpan<byte> x = tile.Slice(((block * rows) + row) * xBlock, xBlock), w = panel.Slice(block * wBlock, wBlock);
            ReadOnlySpan<byte> scales = w[(Outputs * Block)..];
            int halves = layout == Int8Layout.TwoScales ? 2 : 1;
            for (int half = 0; half < halves; half++)
            {
                int product = BinaryPrimitives.ReadInt32LittleEndian(x[(Block + 4 + (half * 4))..]);
                for (int k = half * Block / 2; k < (half + 1) * Block / halves; k++)
                {
                    product += w[(k / 4 * 4 * Outputs) + (4 * output) + (k % 4)] * (sbyte)x[k];
                }

                float scale = layout == Int8Layout.HalfScale
                    ? (float)BinaryPrimitives.ReadHalfLittleEndian(scales[(output * sizeof(ushort))..])
                    : Float(scales, (half * Outputs) + output);
                sum = MathF.FusedMultiplyAdd(product, scale * Float(x[Block..], 0), sum);
            }

            sum = layout == Int8Layout.ScaleAndMinimum ? MathF.FusedMultiplyAdd(Float(scales, Outputs + output), Float(x[Block..], 2), sum) : sum;
        }

        return sum;
    }

    private static float Float(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadSingleLittleEndian(bytes[(index * sizeof(float))..]);

    /// <summary>Bytes of all values, the same on every run.</summary>
    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            bytes[i] = (byte)(state >> 24);
        }

        return bytes;
    }
}
