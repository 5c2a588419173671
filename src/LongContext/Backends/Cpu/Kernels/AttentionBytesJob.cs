using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>All units of one layer's attention over pages of bytes; a piece is a unit.</summary>
internal readonly unsafe struct AttentionBytesJob<TSimd, TVec>(
    ByteAttentionKernels kernels, AttentionArguments arguments, AttentionUnit* units, WorkerScratch scratch) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly ByteAttentionKernels _kernels = kernels;
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionUnit* _units = units;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        for (long i = start; i < end; i++)
        {
            ref AttentionUnit unit = ref _units[i];
            int rows = unit.Tokens * _arguments.Group;
            AttentionBytesScratch scratch = new(_scratch[worker], rows, _arguments);
            AttentionBytesTile<TSimd, TVec> tile = new(_kernels, _arguments, unit, scratch);
            AttentionRows.Pack(_arguments, _arguments.Items[unit.Item], unit, scratch.Unrounded);
            QueryCodes.Round(scratch.Unrounded, rows, _arguments.HeadDim, scratch.Queries, scratch.QueryFactors);
            AttentionRows.Run<TSimd, TVec, AttentionBytesTile<TSimd, TVec>>(_arguments, unit, tile, scratch.State, scratch.Total);
        }
    }
}
