using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>All rows of x against some consecutive outputs, cut into register tiles.</summary>
internal static unsafe class LinearPanel<TSimd, TVec, TElement>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
    where TElement : struct, IElement
{
    /// <summary>Computes outputs <paramref name="first"/> to <paramref name="end"/> − 1 of every row.</summary>
    /// <param name="a">The whole operation.</param>
    /// <param name="first">First output.</param>
    /// <param name="end">One past the last output.</param>
    /// <param name="w">Weight row of output <paramref name="first"/>: where it lies, or a decoded copy.</param>
    /// <param name="wStride">Bytes of a row there.</param>
    internal static void Run(in LinearArguments a, int first, int end, byte* w, long wStride)
    {
        float* bias = a.Bias == null ? null : a.Bias + first;
        int outputs = end - first;
        int row = 0;
        for (; row + 6 <= a.Rows && TSimd.TileRows == 6; row += 6)
        {
            Rows(a, row, 6, first, outputs, w, wStride, bias);
        }

        for (; row + 2 <= a.Rows; row += 2)
        {
            Rows(a, row, 2, first, outputs, w, wStride, bias);
        }

        if (row < a.Rows)
        {
            Rows(a, row, 1, first, outputs, w, wStride, bias);
        }
    }

    private static void Rows(in LinearArguments a, int row, int rows, int first, int outputs, byte* w, long wStride, float* bias)
    {
        float* x = a.X + ((long)row * a.Features);
        float* y = a.Y + ((long)row * a.Outputs) + first;
        int o = 0;
        if (a.Features >= TSimd.Width)
        {
            for (; o + 4 <= outputs; o += 4)
            {
                Tile(x, a.Features, rows, w + (o * wStride), wStride, bias == null ? null : bias + o, y + o, a.Outputs);
            }
        }

        for (; o < outputs; o++)
        {
            for (int r = 0; r < rows; r++)
            {
                float* xr = x + ((long)r * a.Features);
                float* b = bias == null ? null : bias + o;
                y[((long)r * a.Outputs) + o] = a.Features >= TSimd.Width
                    ? LinearTile<TSimd, TVec, TElement>.Single(xr, w + (o * wStride), a.Features, b)
                    : LinearTile<TSimd, TVec, TElement>.Short(xr, w + (o * wStride), a.Features, b);
            }
        }
    }

    private static void Tile(float* x, int features, int rows, byte* w, long wStride, float* bias, float* y, long yStride)
    {
        switch (rows)
        {
            case 6:
                LinearTile<TSimd, TVec, TElement>.Rows6(x, features, w, wStride, features, bias, y, yStride);
                break;
            case 2:
                LinearTile<TSimd, TVec, TElement>.Rows2(x, features, w, wStride, features, bias, y, yStride);
                break;
            default:
                LinearTile<TSimd, TVec, TElement>.Rows1(x, features, w, wStride, features, bias, y, yStride);
                break;
        }
    }
}
