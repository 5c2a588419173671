using LongContext.Backends;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Copies of the batch's arrays.</summary>
internal sealed class ReferencePlan : AttentionPlan
{
    internal int[] KVIndptr { get; private set; } = [];

    internal int[] Pages { get; private set; } = [];

    internal long[] Slots { get; private set; } = [];

    internal AttentionItem[] Items { get; private set; } = [];

    internal int PageSize { get; private set; }

    internal void Fill(AttentionBatch batch)
    {
        OperationShapes.Batch(batch);
        KVIndptr = batch.KVIndptr.ToArray();
        Pages = batch.KVPageIndices.ToArray();
        Slots = batch.SlotMapping.ToArray();
        Items = batch.Items.ToArray();
        PageSize = batch.PageSize;
    }

    /// <summary>Cache slot of a sequence's cached token.</summary>
    internal long Slot(int sequence, int key) => ((long)Pages[KVIndptr[sequence] + (key / PageSize)] * PageSize) + (key % PageSize);

    /// <summary>Refuses a cache that does not have the plan's pages.</summary>
    internal void CheckCache(KVCacheShape shape)
    {
        if (PageSize != shape.PageSize || (Pages.Length > 0 && Pages.Max() >= shape.Pages))
        {
            throw new ArgumentException($"The plan's pages are not pages of {shape}.");
        }
    }
}
