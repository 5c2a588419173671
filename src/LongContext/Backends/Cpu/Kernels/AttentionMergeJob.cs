using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Merges segments that were done apart; a piece is a tile.</summary>
internal readonly unsafe struct AttentionMergeJob<TSimd, TVec>(AttentionArguments arguments, AttentionMerge* merges, WorkerScratch scratch)
    : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly AttentionArguments _arguments = arguments;
    private readonly AttentionMerge* _merges = merges;
    private readonly WorkerScratch _scratch = scratch;

    public void Execute(int worker, long start, long end)
    {
        for (long i = start; i < end; i++)
        {
            ref AttentionMerge merge = ref _merges[i];
            int rows = merge.Tile.Tokens * _arguments.Group;
            int columns = _arguments.PaddedHeadDim;
            AttentionState total = new AttentionScratch(_scratch[worker], rows, _arguments).Total;
            total.Clear();
            for (int s = 0; s < merge.Segments; s++)
            {
                float* part = _arguments.Partials + merge.Partial + (s * AttentionState.Floats(rows, columns));
                AttentionSoftmax<TSimd, TVec>.Merge(total, new AttentionState(part, rows, columns), rows, columns);
            }

            AttentionRows.Finish(_arguments, _arguments.Items[merge.Tile.Item], merge.Tile, total);
        }
    }
}
