using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>All units of one layer's attention over pages of bfloat16 pairs; a piece is a unit.</summary>
internal readonly unsafe struct AttentionPairsJob<TSimd, TVec>(
    AttentionKernels kernels, AttentionArguments arguments, AttentionUnit* units, WorkerScratch scratch) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly AttentionKernels _kernels = kernels;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit* _units = units;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        for (long i = start; i < end; i++)
        {
            ref AttentionUnit unit = ref _units[i];
            AttentionPairsScratch scratch = new(_scratch[worker], unit.Tokens * _arguments.Group, _arguments);
            AttentionPairsTile<TSimd, TVec> tile = new(_kernels, _arguments, unit, scratch);
            AttentionRows.Pack(_arguments, _arguments.Items[unit.Item], unit, scratch.Unrounded);
            _kernels.Round(scratch.Unrounded, scratch.Queries, AttentionPairsScratch.RoundingSteps(unit.Tokens * _arguments.Group, _arguments));
            AttentionRows.Run<TSimd, TVec, AttentionPairsTile<TSimd, TVec>>(_arguments, unit, tile, scratch.State, scratch.Total);
        }
    }
}
