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

    /// <summary>Tokens of the first piece: pieces end where pages do, as long as tokens follow one another.</summary>
    private int FirstTokens => TokensPerPiece - (int)(_slots[0] % TokensPerPiece);

    internal static void Run(WorkerPool pool, AppendKV job)
    {
        if (job._tokens > 0)
        {
            long pieces = (1 + ((Math.Max(job._tokens - job.FirstTokens, 0) + TokensPerPiece - 1L) / TokensPerPiece)) * job._kvHeads;
            pool.Run(ref job, pieces, 32_768 / (TokensPerPiece * (long)job._headDim));
        }
    }

    public void Execute(int worker, long start, long end)
    {
        float* scratch = stackalloc float[_layout == KVPageLayout.Bytes ? _headDim : 0];
        long stride = (long)_kvHeads * _headDim;
        for (long piece = start; piece < end; piece++)
        {
            int head = (int)(piece % _kvHeads), number = (int)(piece / _kvHeads);
            int last = Math.Min(FirstTokens + (number * TokensPerPiece), _tokens);
            for (int token = number == 0 ? 0 : FirstTokens + ((number - 1) * TokensPerPiece); token < last;)
            {
                float* key = _k + (token * stride) + ((long)head * _headDim), value = _v + (token * stride) + ((long)head * _headDim);
                (long page, long offset) = Math.DivRem(_slots[token], _pageSize);
                if (_layout == KVPageLayout.Pairs && offset % 2 == 0 && PairSlots.Suits(_headDim) && Follow(token, PairSlots.Tokens, offset, last))
                {
                    uint* values = (uint*)_pages.Values(page, head) + (offset / 2 * _paddedHeadDim);
                    PairSlots.Store(key, value, stride, _headDim, (uint*)_pages.Keys(page, head) + offset, _pageSize, values, _paddedHeadDim);
                    token += PairSlots.Tokens;
                }
                else if (_layout == KVPageLayout.Bytes && ByteSlots.Suits(_headDim, _pageSize) && Follow(token, _pageSize, offset, last))
                {
                    ByteSlots.Store(key, value, stride, _headDim, _pages.Keys(page, head), _pages.Values(page, head), _pages.Scales(page, head), scratch);
                    token += _pageSize;
                }
                else
                {
                    Store(page, offset, head, key, value, scratch);
                    token++;
                }
            }
        }
    }

    /// <summary>Whether so many tokens of the piece are in slots of one page that follow one another.</summary>
    private bool Follow(int token, int count, long offset, int last)
    {
        if (token + count > last || offset + count > _pageSize)
        {
            return false;
        }

        bool follow = true;
        for (int i = 1; i < count; i++)
        {
            follow &= _slots[token + i] == _slots[token] + i;
        }

        return follow;
    }

    private void Store(long page, long offset, int head, float* key, float* value, float* scratch)
    {
        if (_layout == KVPageLayout.Bytes)
        {
            new HeadSlot(_pages, page, head, offset, _pageSize, _paddedHeadDim).Store(key, value, _headDim, scratch);
        }
        else if (_type == DType.F32)
        {
            Store(key, (float*)_pages.Keys(page, head) + offset, _pageSize);
            Store(value, (float*)_pages.Values(page, head) + (offset * _paddedHeadDim), 1);
        }
        else if (_layout == KVPageLayout.Pairs)
        {
            StoreKeyPairs(key, (uint*)_pages.Keys(page, head) + offset);
            StoreBF16(value, (ushort*)_pages.Values(page, head) + (offset / 2 * 2 * _paddedHeadDim) + (offset % 2), 2);
        }
        else
        {
            StoreBF16(key, (ushort*)_pages.Keys(page, head) + offset, _pageSize);
            StoreBF16(value, (ushort*)_pages.Values(page, head) + (offset * _paddedHeadDim), 1);
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
