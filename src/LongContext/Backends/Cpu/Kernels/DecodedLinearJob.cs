using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear over weights that are decoded to F32 first, a panel of outputs at a time, for all rows together.</summary>
internal readonly struct DecodedLinearJob<TSimd, TVec>(LinearArguments arguments, int panel, DType type, WorkerScratch scratch) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly LinearArguments _arguments = arguments;
    private readonly int _panel = panel;
    private readonly DType _type = type;
    private readonly WorkerScratch _scratch = scratch;

    /// <summary>Floats of scratch a worker needs.</summary>
    internal static long ScratchFloats(int features, int panel) => ((long)features * panel) + RowDecoder<TSimd, TVec>.ScratchFloats;

    public unsafe void Execute(int worker, long start, long end)
    {
        int n = _arguments.Features;
        float* decoded = _scratch[worker];
        float* bytes = decoded + ((long)n * _panel);
        for (int first = (int)start * _panel; first < Math.Min(end * _panel, _arguments.Outputs); first += _panel)
        {
            int last = Math.Min(first + _panel, _arguments.Outputs);
            for (int o = first; o < last; o++)
            {
                byte* row = _arguments.W + (o * _arguments.WStride);
                RowDecoder<TSimd, TVec>.Decode(_type, row, decoded + ((long)n * (o - first)), n, bytes);
            }

            LinearPanel<TSimd, TVec, F32>.Run(_arguments, first, last, (byte*)decoded, (long)n * sizeof(float));
        }
    }
}
