using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>A range of columns of every row, one thread an element.</summary>
internal static class CopyColumns
{
    internal static void Kernel(Index1D index, ArrayView<float> x, int startColumn, int rowLength, int columns, ArrayView<float> output)
    {
        int i = index;
        output[i] = x[((long)(i / columns) * rowLength) + startColumn + (i % columns)];
    }
}
