using ILGPU;
using ILGPU.Algorithms;
using LongContext.Backends;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Attention with an online softmax, one thread a (query row, head): the plain form, keys in order.</summary>
/// <remarks>The output row is the accumulator, so a head may have any number of features.</remarks>
internal static class Attention
{
    internal static void Kernel(
        Index1D index, ArrayView<float> q, CachedVectors keys, CachedVectors values, PageTable table, ArrayView<AttentionItem> items,
        ArrayView<int> work, AttentionShape shape, ArrayView<float> output, ArrayView<float> lse)
    {
        int i = index;
        int head = i % shape.QHeads;
        AttentionItem item = items[work[i / shape.QHeads * 2]];
        int rowInItem = work[(i / shape.QHeads * 2) + 1];
        long row = ((long)(item.QueryStart + rowInItem) * shape.QHeads) + head;
        long query = row * shape.HeadDim;
        int kvHead = head / (shape.QHeads / shape.KVHeads);

        // Keys first to last − 1 are seen.
        long position = (long)item.FirstRowKey + rowInItem;
        long first = item.KeyStart;
        long last = (long)item.KeyStart + item.KeyCount;
        if (item.Mask == AttentionMask.Causal && position + 1 < last)
        {
            last = position + 1;
        }

        if (shape.Window > 0 && position - shape.Window + 1 > first)
        {
            first = position - shape.Window + 1;
        }

        for (int d = 0; d < shape.HeadDim; d++)
        {
            output[query + d] = 0;
        }

        float max = float.NegativeInfinity;
        float sum = 0;
        for (long key = first; key < last; key++)
        {
            long vector = ((table.Slot(item.Sequence, (int)key) * shape.KVHeads) + kvHead) * shape.HeadDim;
            float score = 0;
            for (int d = 0; d < shape.HeadDim; d++)
            {
                score += q[query + d] * keys.Load(vector + d);
            }

            score *= shape.Scale;
            if (shape.SoftCap > 0)
            {
                score = SoftCap.Cap(score, shape.SoftCap);
            }

            float rescale = 1;
            if (score > max)
            {
                rescale = XMath.Exp(max - score); // the first key: exp(−∞) = 0
                max = score;
            }

            float p = XMath.Exp(score - max);
            sum = (sum * rescale) + p;
            for (int d = 0; d < shape.HeadDim; d++)
            {
                output[query + d] = (output[query + d] * rescale) + (p * values.Load(vector + d));
            }
        }

        if (sum > 0)
        {
            for (int d = 0; d < shape.HeadDim; d++)
            {
                output[query + d] /= sum;
            }
        }

        if (lse.Length > 0)
        {
            lse[row] = sum > 0 ? max + XMath.Log(sum) : float.NegativeInfinity;
        }
    }
}
