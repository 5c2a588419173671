using System.Runtime.CompilerServices;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Reads cached keys and values back as F32; a piece is some rows of one head. The inverse of <see cref="AppendKV"/>.</summary>
internal readonly unsafe struct GatherKV(
    int* slots, KVPages pages, float* k, float* v, int rows, int pageSize, int kvHeads, int headDim, int paddedHeadDim, DType type,
    KVPageLayout layout) : IJob
{
    private const int RowsPerPiece = 64;

    private readonly int* _slots = slots;
    private readonly KVPages _pages = pages;
    private readonly float* _k = k;
    private readonly float* _v = v;
    private readonly int _rows = rows;
    private readonly int _pageSize = pageSize;
    private readonly int _kvHeads = kvHeads;
    private readonly int _headDim = headDim;
    private readonly int _paddedHeadDim = paddedHeadDim;
    private readonly DType _type = type;
    private readonly KVPageLayout _layout = layout;

    internal static void Run(WorkerPool pool, GatherKV job)
    {
        long pieces = (job._rows + RowsPerPiece - 1L) / RowsPerPiece * job._kvHeads;
        pool.Run(ref job, pieces, 32_768 / (RowsPerPiece * (long)job._headDim));
    }

    public void Execute(int worker, long start, long end)
    {
        for (long piece = start; piece < end; piece++)
        {
            int head = (int)(piece % _kvHeads);
            int first = (int)(piece / _kvHeads) * RowsPerPiece;
            for (int row = first; row < Math.Min(first + RowsPerPiece, _rows); row++)
            {
                long entry = ((long)row * _kvHeads) + head;
                long target = entry * _headDim;
                (int page, int offset) = Math.DivRem(_slots[entry], _pageSize);
                if (_layout == KVPageLayout.Bytes)
                {
                    new HeadSlot(_pages, page, head, offset, _pageSize, _paddedHeadDim).Load(_k + target, _v + target, _headDim);
                }
                else if (_type == DType.F32)
                {
                    Load((float*)_pages.Keys(page, head) + offset, _k + target, _pageSize);
                    Load((float*)_pages.Values(page, head) + ((long)offset * _paddedHeadDim), _v + target, 1);
                }
                else if (_layout == KVPageLayout.Pairs)
                {
                    LoadKeyPairs((uint*)_pages.Keys(page, head) + offset, _k + target);
                    LoadBF16((ushort*)_pages.Values(page, head) + ((long)offset / 2 * 2 * _paddedHeadDim) + (offset % 2), _v + target, 2);
                }
                else
                {
                    LoadBF16((ushort*)_pages.Keys(page, head) + offset, _k + target, _pageSize);
                    LoadBF16((ushort*)_pages.Values(page, head) + ((long)offset * _paddedHeadDim), _v + target, 1);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load(float* source, float* target, long stride)
    {
        for (int d = 0; d < _headDim; d++)
        {
            target[d] = source[d * stride];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadBF16(ushort* source, float* target, long stride)
    {
        for (int d = 0; d < _headDim; d++)
        {
            target[d] = BitConverter.UInt32BitsToSingle((uint)source[d * stride] << 16);
        }
    }

    /// <summary>Two features side by side, then the next two a page's tokens further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadKeyPairs(uint* source, float* target)
    {
        for (int d = 0; d < _headDim; d += 2)
        {
            uint pair = source[d / 2 * (long)_pageSize];
            target[d] = BitConverter.UInt32BitsToSingle(pair << 16);
            target[d + 1] = BitConverter.UInt32BitsToSingle(pair & 0xFFFF_0000);
        }
    }
}
