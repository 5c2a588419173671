using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>All units of one layer's attention by tile registers over pages of bfloat16 pairs; a piece is a unit.</summary>
internal readonly unsafe struct AttentionAmxJob<TSimd, TVec>(
    AmxKernels kernels, AttentionKernels vectors, AttentionArguments arguments, AttentionUnit* units, WorkerScratch scratch) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly AmxKernels _kernels = kernels;
    private readonly AttentionKernels _vectors = vectors;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit* _units = units;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        for (long i = start; i < end; i++)
        {
            ref AttentionUnit unit = ref _units[i];
            int rows = unit.Tokens * _arguments.Group;
            AttentionAmxScratch scratch = new(_scratch[worker], rows, _arguments);
            AttentionAmxTile<TSimd, TVec> tile = new(_kernels, _vectors, _arguments, unit, scratch);
            AttentionRows.Pack(_arguments, _arguments.Items[unit.Item], unit, scratch.Unrounded);
            _vectors.Round(scratch.Unrounded, scratch.Queries, AttentionPairsScratch.RoundingSteps(rows, _arguments));
            AttentionRows.Run<TSimd, TVec, AttentionAmxTile<TSimd, TVec>>(_arguments, unit, tile, scratch.State, scratch.Total);
        }
    }
}
