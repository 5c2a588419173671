using ILGPU.Runtime;
using LongContext.Backends;
using LongContext.Diagnostics;
using LongContext.Ilgpu.Kernels;

namespace LongContext.Ilgpu;

/// <summary>The batch's arrays on the device, and one work entry for each (item, query row).</summary>
internal sealed class IlgpuPlan(Accelerator accelerator) : AttentionPlan
{
    private readonly List<int> _work = [];
    private int _pageSize;
    private int _highestPage = -1;

    /// <summary>Tokens of the step.</summary>
    internal int TokenCount { get; private set; }

    /// <summary>Whether every token has a slot.</summary>
    internal bool CanAppend { get; private set; }

    /// <summary>Work entries.</summary>
    internal int WorkCount => _work.Count / 2;

    internal DeviceArray<long> Slots { get; } = new(accelerator);

    internal DeviceArray<int> KVIndptr { get; } = new(accelerator);

    internal DeviceArray<int> Pages { get; } = new(accelerator);

    internal DeviceArray<AttentionItem> Items { get; } = new(accelerator);

    /// <summary>[work][2]: item, and row within it.</summary>
    internal DeviceArray<int> Work { get; } = new(accelerator);

    internal void Fill(AttentionBatch batch)
    {
        OperationShapes.Batch(batch);
        _work.Clear();
        for (int item = 0; item < batch.Items.Length; item++)
        {
            for (int row = 0; row < batch.Items[item].QueryCount; row++)
            {
                _work.Add(item);
                _work.Add(row);
            }
        }

        _highestPage = -1;
        foreach (int page in batch.KVPageIndices)
        {
            _highestPage = Math.Max(_highestPage, page);
        }

        (_pageSize, TokenCount, CanAppend) = (batch.PageSize, batch.TokenCount, batch.CanAppend);
        Slots.Fill(batch.SlotMapping);
        KVIndptr.Fill(batch.KVIndptr);
        Pages.Fill(batch.KVPageIndices);
        Items.Fill(batch.Items);
        Work.Fill(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_work));
    }

    /// <summary>Refuses a cache that does not have the plan's pages.</summary>
    internal void CheckCache(KVCacheShape shape) => ShapeGuard.Require(
        _pageSize == shape.PageSize && _highestPage < shape.Pages, $"The plan's pages are not pages of {shape}.");

    internal PageTable PageTable => new() { KVIndptr = KVIndptr.View, Pages = Pages.View, PageSize = _pageSize };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            Slots.Dispose();
            KVIndptr.Dispose();
            Pages.Dispose();
            Items.Dispose();
            Work.Dispose();
        }
    }
}
