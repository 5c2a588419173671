namespace LongContext.Attention.SequenceParallel;

/// <summary>Pages of the cache that no sequence owns: the anchor's first, then those of the keys that blocks passed on, host after host.</summary>
/// <param name="First">Number of the first page; they are consecutive.</param>
/// <param name="PageSize">Slots of a page.</param>
internal readonly record struct ScratchPages(int First, int PageSize)
{
    /// <summary>Pages that hold the anchor: the scratch pages, or the sequence's own where the anchor is the context's beginning.</summary>
    internal void AddAnchor(in Anchor anchor, ReadOnlySpan<int> sequence, List<int> pages)
    {
        int count = anchor.Length / PageSize;
        if (anchor.IsContext)
        {
            pages.AddRange(sequence[..count]);
        }
        else
        {
            AddRange(First, count, pages);
        }
    }

    /// <summary>Pages of entries <paramref name="start"/> to <paramref name="end"/> that were passed on, both whole pages.</summary>
    internal void AddPassing(in Anchor anchor, int start, int end, List<int> pages)
    {
        int anchorPages = anchor.IsContext ? 0 : anchor.Length / PageSize;
        AddRange(First + anchorPages + (start / PageSize), (end - start) / PageSize, pages);
    }

    private static void AddRange(int first, int count, List<int> pages)
    {
        for (int i = 0; i < count; i++)
        {
            pages.Add(first + i);
        }
    }
}
