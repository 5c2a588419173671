using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>All units of one layer's attention; a piece is a unit.</summary>
internal readonly unsafe struct AttentionJob<TSimd, TVec, TElement>(AttentionArguments arguments, AttentionUnit* units, WorkerScratch scratch)
    : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
    where TElement : unmanaged, IElement
{
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit* _units = units;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        for (long i = start; i < end; i++)
        {
            AttentionKernel<TSimd, TVec, TElement>.Run(_arguments, _units[i], _scratch[worker]);
        }
    }
}
