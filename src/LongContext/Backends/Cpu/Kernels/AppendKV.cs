using System.Runtime.CompilerServices;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Writes new tokens' keys and values into their slots, in the pages' layout and type; a piece is some tokens of one head.</summary>
internal readonly unsafe struct AppendKV(
    float* k, float* v, KVPages pages, long* slots, int tokens, int pageSize, int kvHeads, int headDim, int paddedHeadDim, DType type, KVPageLayout layout) : IJob
{
    private const int TokensPerPiece = 64;

    private readonly float* _k = k;
    private readonly float* _v = v;
    private readonly KVPages _pages = pages;
    private readonly long* _slots = slots;
    private readonly int _tokens = tokens;
    private readonly int _pageSize = pageSize;
    private readonly int _kvHeads = kvHeads;
    private readonly int _headDim = headDim;
    private readonly int _paddedHeadDim = paddedHeadDim;
    private readonly DType _type = type;
    private readonly KVPageLayout _layout = layout;

    internal static void Run(WorkerPool pool, AppendKV job)
    {
        long pieces = (job._tokens + TokensPerPiece - 1L) / TokensPerPiece * job._kvHeads;
        pool.Run(ref job, pieces, 32_768 / (TokensPerPiece * (long)job._headDim));
    }

    public void Execute(int worker, long start, long end)
    {
        float* scratch = stackalloc float[_layout == KVPageLayout.Bytes ? _headDim : 0];
        for (long piece = start; piece < end; piece++)
        {
            int head = (int)(piece % _kvHeads);
            int first = (int)(piece / _kvHeads) * TokensPerPiece;
            for (int token = first; token < Math.Min(first + TokensPerPiece, _tokens); token++)
            {
                long source = (((long)token * _kvHeads) + head) * _headDim;
                (long page, long offset) = Math.DivRem(_slots[token], _pageSize);
                if (_layout == KVPageLayout.Bytes)
                {
                    new HeadSlot(_pages, page, head, offset, _pageSize, _paddedHeadDim).Store(_k + source, _v + source, _headDim, scratch);
                }
                else if (_type == DType.F32)
                {
                    Store(_k + source, (float*)_pages.Keys(page, head) + offset, _pageSize);
                    Store(_v + source, (float*)_pages.Values(page, head) + (offset * _paddedHeadDim), 1);
                }
                else if (_layout == KVPageLayout.Pairs)
                {
                    StoreKeyPairs(_k + source, (uint*)_pages.Keys(page, head) + offset);
                    StoreBF16(_v + source, (ushort*)_pages.Values(page, head) + (offset / 2 * 2 * _paddedHeadDim) + (offset % 2), 2);
                }
                else
                {
                    StoreBF16(_k + source, (ushort*)_pages.Keys(page, head) + offset, _pageSize);
                    StoreBF16(_v + source, (ushort*)_pages.Values(page, head) + (offset * _paddedHeadDim), 1);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store(float* source, float* target, long stride)
    {
        for (int d = 0; d < _headDim; d++)
        {
            target[d * stride] = source[d];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreBF16(float* source, ushort* target, long stride)
    {
        for (int d = 0; d < _headDim; d++)
        {
            target[d * stride] = (ushort)Round(source[d]);
        }
    }

    /// <summary>Two features side by side, then the next two a page's tokens further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreKeyPairs(float* source, uint* target)
    {
        for (int d = 0; d < _headDim; d += 2)
        {
            target[d / 2 * (long)_pageSize] = Round(source[d]) | (Round(source[d + 1]) << 16);
        }
    }

    /// <summary>To the nearest bfloat16, ties to even; a NaN stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        return (float.IsNaN(value) ? bits | 0x400000 : rounded) >> 16;
    }
}
