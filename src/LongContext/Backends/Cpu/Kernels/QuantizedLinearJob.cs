using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear of few rows over quantised weights: every weight is read from memory once and never written back decoded.</summary>
internal readonly struct QuantizedLinearJob<TSimd, TVec, TFormat>(LinearArguments arguments, int panel, WorkerScratch scratch) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
    where TFormat : unmanaged, IBlockQuantized
{
    private readonly LinearArguments _arguments = arguments;
    private readonly int _panel = panel;
    private readonly WorkerScratch _scratch = scratch;

    /// <summary>Floats of scratch a worker needs.</summary>
    internal static long ScratchFloats(int features) => Math.Max(features + TFormat.Elements, QuantizedTile<TSimd, TVec, TFormat>.ScratchFloats);

    public unsafe void Execute(int worker, long start, long end)
    {
        LinearArguments a = _arguments;
        float* scratch = _scratch[worker];
        int limit = (int)Math.Min(end * _panel, a.Outputs);
        int o = (int)start * _panel;
        for (; o + 4 <= limit; o += 4)
        {
            for (int row = 0; row < a.Rows; row++)
            {
                float* bias = a.Bias == null ? null : a.Bias + o;
                float* y = a.Y + ((long)row * a.Outputs) + o;
                float* x = a.X + ((long)row * a.Features);
                if (typeof(TFormat) == typeof(Q8_0))
                {
                    Q8Tile<TSimd, TVec>.Row(x, a.W + (o * a.WStride), a.WStride, a.Features, bias, y);
                }
                else
                {
                    QuantizedTile<TSimd, TVec, TFormat>.Row(x, a.W + (o * a.WStride), a.WStride, a.Features, bias, y, scratch);
                }
            }
        }

        for (; o < limit; o++)
        {
            sbyte* bytes = (sbyte*)(scratch + a.Features);
            RowDecoder<TSimd, TVec>.Blocks<TFormat>(a.W + (o * a.WStride), scratch, a.Features, bytes);
            LinearPanel<TSimd, TVec, F32>.Run(a, o, o + 1, (byte*)scratch, (long)a.Features * sizeof(float));
        }
    }
}
