using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Linear over weights that are used where they lie; a piece is a panel of outputs.</summary>
internal readonly struct LinearJob<TSimd, TVec, TElement>(LinearArguments arguments, int panel) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
    where TElement : unmanaged, IElement
{
    private readonly LinearArguments _arguments = arguments;
    private readonly int _panel = panel;

    public unsafe void Execute(int worker, long start, long end)
    {
        for (int first = (int)start * _panel; first < Math.Min(end * _panel, _arguments.Outputs); first += _panel)
        {
            int last = Math.Min(first + _panel, _arguments.Outputs);
            byte* w = _arguments.W + (first * _arguments.WStride);
            LinearPanel<TSimd, TVec, TElement>.Run(_arguments, first, last, w, _arguments.WStride);
        }
    }
}
