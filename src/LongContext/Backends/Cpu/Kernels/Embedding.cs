using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>output[i] = table[ids[i]] · scale; a piece is a token.</summary>
internal readonly unsafe struct Embedding<TSimd, TVec>(DType type, byte* table, bool isInPanels, long rowBytes, int* ids, int columns, float scale, float* output)
    : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly DType _type = type;
    private readonly byte* _table = table;
    private readonly bool _isInPanels = isInPanels;
    private readonly long _rowBytes = rowBytes;
    private readonly int* _ids = ids;
    private readonly int _columns = columns;
    private readonly float _scale = scale;
    private readonly float* _output = output;

    internal static void Run(WorkerPool pool, Embedding<TSimd, TVec> job, int tokens) =>
        pool.Run(ref job, tokens, 16_384 / Math.Max(job._columns, 1));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        float* scratch = stackalloc float[RowDecoder<TSimd, TVec>.ScratchFloats];
        for (long token = start; token < end; token++)
        {
            float* row = _output + (token * _columns);
            if (_isInPanels)
            {
                PanelRows.Decode(_table, _ids[token], _columns / Int8Products.Block, row);
            }
            else
            {
                RowDecoder<TSimd, TVec>.Decode(_type, _table + (_ids[token] * _rowBytes), row, _columns, scratch);
            }

            if (_scale != 1)
            {
                for (int i = 0; i < _columns; i++)
                {
                    row[i] *= _scale;
                }
            }
        }
    }
}
