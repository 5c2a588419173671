using LongContext.Backends.Cpu.Kernels;
using LongContext.Diagnostics;

namespace LongContext.Backends.Cpu;

/// <summary>One step's page table and items in memory that kernels address, and the units they are cut into.</summary>
/// <remarks>The units depend on the heads and the window too, so they are made at the first layer that needs them.</remarks>
internal sealed unsafe class CpuAttentionPlan : AttentionPlan
{
    private readonly NativeBuffer<int> _kvIndptr = new();
    private readonly NativeBuffer<int> _kvPageIndices = new();
    private readonly NativeBuffer<long> _slots = new();
    private readonly NativeBuffer<AttentionItem> _items = new();
    private readonly AttentionUnits _units = new();
    private int _itemCount;
    private int _pageSize;
    private int _maxPage;

    /// <summary>Tokens of the step.</summary>
    internal int Tokens { get; private set; }

    /// <summary>[Tokens], the cache slot of each.</summary>
    internal long* Slots => _slots.Pointer;

    /// <summary>Whether every token has a slot.</summary>
    internal bool CanAppend { get; private set; }

    /// <summary>Takes over one step's batch.</summary>
    internal void Fill(AttentionBatch batch)
    {
        OperationShapes.Batch(batch);
        _kvIndptr.CopyFrom(batch.KVIndptr);
        _kvPageIndices.CopyFrom(batch.KVPageIndices);
        _slots.CopyFrom(batch.SlotMapping);
        _items.CopyFrom(batch.Items);
        (Tokens, CanAppend) = (batch.TokenCount, batch.CanAppend);
        _itemCount = batch.Items.Length;
        _pageSize = batch.PageSize;
        _maxPage = -1;
        foreach (int page in batch.KVPageIndices)
        {
            _maxPage = Math.Max(_maxPage, page);
        }

        _units.Clear();
    }

    /// <summary>Refuses a cache that does not have this step's pages.</summary>
    internal void CheckCache(KVCacheShape shape)
    {
        ShapeGuard.SameLength(_pageSize, shape.PageSize, "slots of the plan's pages");
        ShapeGuard.Within(0, _maxPage + 1L, shape.Pages, "pages of the plan");
    }

    /// <summary>Points <paramref name="arguments"/> at the page table and items.</summary>
    internal void Describe(ref AttentionArguments arguments)
    {
        arguments.KVIndptr = _kvIndptr.Pointer;
        arguments.KVPageIndices = _kvPageIndices.Pointer;
        arguments.Items = _items.Pointer;
    }

    /// <summary>The units of a layer with these heads and this window.</summary>
    internal AttentionUnits Units(in AttentionArguments arguments, int workers)
    {
        _units.Build(arguments, _itemCount, workers);
        return _units;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _kvIndptr.Dispose();
            _kvPageIndices.Dispose();
            _slots.Dispose();
            _items.Dispose();
            _units.Dispose();
        }

        base.Dispose(disposing);
    }
}
