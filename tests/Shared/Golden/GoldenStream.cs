using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>Writes a random tensor's bytes: rows are generated and rounded on all cores, a few megabytes at a time.</summary>
internal static class GoldenStream
{
    private const int ElementsPerSlice = 1 << 19;
    private const int SlicesAtOnce = 8;

    /// <summary>Writes the tensor.</summary>
    /// <param name="stream">Receives its bytes.</param>
    /// <param name="tensor">What to write.</param>
    /// <param name="type">Element type in the file.</param>
    /// <param name="seed">Of the model.</param>
    /// <param name="sourceRow">Which row of the tensor stands at a row of the file; null: the same.</param>
    internal static void Write(Stream stream, GoldenTensor tensor, DType type, ulong seed, Func<int, int>? sourceRow = null)
    {
        int columns = tensor.Columns;
        int rowBytes = (int)BlockFormat.Of(type).ByteCount(columns);
        int rowsPerSlice = Math.Max(1, ElementsPerSlice / columns);
        byte[][] buffers = new byte[SlicesAtOnce][];
        for (int row = 0; row < tensor.Rows; row += rowsPerSlice * SlicesAtOnce)
        {
            int first = row;
            int slices = Math.Min(SlicesAtOnce, (tensor.Rows - first + rowsPerSlice - 1) / rowsPerSlice);
            Parallel.For(0, slices, slice =>
            {
                int from = first + (slice * rowsPerSlice), count = Math.Min(rowsPerSlice, tensor.Rows - from);
                float[] values = new float[count * columns];
                for (int r = 0; r < count; r++)
                {
                    GoldenValues.Fill(tensor, seed, sourceRow?.Invoke(from + r) ?? from + r, values.AsSpan(r * columns, columns));
                }

                buffers[slice] = new byte[count * rowBytes];
                Quantizer.Encode(values, type, buffers[slice]);
            });
            for (int slice = 0; slice < slices; slice++)
            {
                stream.Write(buffers[slice]);
            }
        }
    }
}
