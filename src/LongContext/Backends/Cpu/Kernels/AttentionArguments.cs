namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One layer's attention as addresses and numbers.</summary>
internal unsafe struct AttentionArguments
{
    /// <summary>[tokens, QHeads, HeadDim].</summary>
    internal float* Q;

    /// <summary>[tokens, QHeads, HeadDim].</summary>
    internal float* Output;

    /// <summary>[tokens, QHeads], or null.</summary>
    internal float* Lse;

    internal int QHeads;
    internal int KVHeads;
    internal int HeadDim;
    internal int PaddedHeadDim;
    internal int PageSize;
    internal KVPages Pages;
    internal KVPageLayout Layout;

    /// <summary>The batch's page table and items.</summary>
    internal int* KVIndptr;
    internal int* KVPageIndices;
    internal AttentionItem* Items;

    /// <summary>Multiplies q: scale · log₂e, or scale / cap under a soft cap.</summary>
    internal float QueryFactor;

    /// <summary>cap · log₂e, or 0 for no soft cap.</summary>
    internal float CapFactor;
    internal int Window;

    /// <summary>States of single segments: see <see cref="AttentionUnit.Partial"/>.</summary>
    internal float* Partials;

    /// <summary>Query heads that share a key/value head.</summary>
    internal readonly int Group => QHeads / KVHeads;

    /// <summary>One past the last key a row sees, as an index into its sequence.</summary>
    internal readonly int KeyEnd(in AttentionItem item, int token)
    {
        int end = item.KeyStart + item.KeyCount;
        return item.Mask == AttentionMask.Causal ? (int)Math.Min(end, (long)item.FirstRowKey + token + 1) : end;
    }

    /// <summary>The first key a row sees.</summary>
    internal readonly int KeyStart(in AttentionItem item, int token) =>
        Window == 0 ? item.KeyStart : (int)Math.Max(item.KeyStart, (long)item.FirstRowKey + token - Window + 1);
}
