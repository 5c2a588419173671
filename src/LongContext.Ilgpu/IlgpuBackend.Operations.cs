using LongContext.Backends;
using LongContext.Diagnostics;
using LongContext.Ilgpu.Kernels;
using LongContext.Tensors;

namespace LongContext.Ilgpu;

/// <content>The operations: shapes checked, then one launch each.</content>
public sealed partial class IlgpuBackend
{
    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
        OperationShapes.Embedding(table, ids, output);
        OperationShapes.Typed(table, DType.F32, nameof(table));
        CheckRows(ids, table.Shape.Rows);
        if (Launches(output))
        {
            _kernels.Embedding(Threads(output), View(table), IlgpuBuffer.View<int>(ids), scale, table.RowLength, View(output));
        }
    }

    /// <inheritdoc/>
    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        OperationShapes.Linear(input, weight, bias, output);
        OperationShapes.Typed(weight, DType.F32, nameof(weight));
        if (Launches(output))
        {
            _kernels.Linear(Threads(output), View(input), View(weight), View(bias), input.RowLength, output.RowLength, View(output));
        }
    }

    /// <inheritdoc/>
    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
        OperationShapes.RmsNorm(input, weight, output);
        if (Launches(output))
        {
            int length = checked((int)weight.Shape.ElementCount);
            _kernels.RmsNorm(Threads(input.Shape.ElementCount / length), View(input), View(weight), epsilon, length, View(output));
        }
    }

    /// <inheritdoc/>
    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout)
    {
        OperationShapes.Rotary(x, cos, sin);
        if (Launches(x) && cos.RowLength > 0)
        {
            RotaryShape shape = new((int)x.Shape[1], (int)x.Shape[2], cos.RowLength, layout == RotaryLayout.Interleaved ? 1 : 0);
            _kernels.Rotary(Threads(x.Shape[0] * x.Shape[1] * cos.RowLength), View(x), View(cos), View(sin), shape);
        }
    }

    /// <inheritdoc/>
    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
        OperationShapes.Elementwise(gate, up, output);
        ShapeGuard.Require(activation is Activation.Silu or Activation.GeluTanh or Activation.Gelu, $"{activation} is no activation.");
        if (Launches(output))
        {
            _kernels.GatedActivation(Threads(output), View(gate), View(up), (int)activation, View(output));
        }
    }

    /// <inheritdoc/>
    public void Add(in Tensor x, in Tensor y, in Tensor output)
    {
        OperationShapes.Elementwise(x, y, output);
        if (Launches(output))
        {
            _kernels.Add(Threads(output), View(x), View(y), View(output));
        }
    }

    /// <inheritdoc/>
    public void SoftCap(in Tensor x, float cap)
    {
        OperationShapes.SoftCap(x, cap);
        if (Launches(x))
        {
            _kernels.SoftCap(Threads(x), View(x), cap);
        }
    }

    /// <inheritdoc/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        OperationShapes.GatherRows(x, rows, output);
        CheckRows(rows, x.Shape.Rows);
        if (Launches(output))
        {
            _kernels.GatherRows(Threads(output), View(x), IlgpuBuffer.View<int>(rows), x.RowLength, View(output));
        }
    }

    /// <inheritdoc/>
    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan)
    {
        (IlgpuKVCache pages, IlgpuPlan step) = (Own(cache), Own(plan));
        step.CheckCache(cache.Shape);
        OperationShapes.AppendKV(k, v, cache.Shape, layer, step.TokenCount);
        OperationShapes.Slots(step.CanAppend);
        if (Launches(k))
        {
            _kernels.AppendKV(Threads(k), View(k), View(v), step.Slots.View, k.RowLength, pages.Keys(layer), pages.Values(layer));
        }
    }

    /// <inheritdoc/>
    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
        IlgpuKVCache pages = Own(cache);
        OperationShapes.GatherKV(cache.Shape, layer, slots, k, v);
        CheckRows(slots, (long)cache.Shape.Pages * cache.Shape.PageSize);
        if (Launches(k))
        {
            _kernels.GatherKV(
                Threads(k), IlgpuBuffer.View<int>(slots), pages.Keys(layer), pages.Values(layer), cache.Shape.KVHeads, cache.Shape.HeadDim,
                View(k), View(v));
        }
    }

    /// <inheritdoc/>
    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        (IlgpuKVCache pages, IlgpuPlan step) = (Own(cache), Own(plan));
        step.CheckCache(cache.Shape);
        OperationShapes.Attention(q, cache.Shape, layer, step.TokenCount, parameters, output, lse);
        if (Launches(q) && step.WorkCount > 0)
        {
            AttentionShape shape = new(
                (int)q.Shape[1], cache.Shape.KVHeads, cache.Shape.HeadDim, parameters.Window, parameters.Scale, parameters.SoftCap);
            _kernels.Attention(
                Threads(step.WorkCount * q.Shape[1]), View(q), pages.Keys(layer), pages.Values(layer), step.PageTable,
                step.Items.View, step.Work.View, shape, View(output), View(lse));
        }
    }

    /// <inheritdoc/>
    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
        OperationShapes.MergeStates(output, lse, other, otherLse);
        if (Launches(output))
        {
            _kernels.MergeStates(
                Threads(lse), View(output), View(lse), View(other), View(otherLse), (int)output.Shape[2]);
        }
    }

    private static ILGPU.ArrayView<float> View(in Tensor tensor) => IlgpuBuffer.View<float>(tensor);

    private static int Threads(in Tensor tensor) => Threads(tensor.Shape.ElementCount);

    /// <summary>Whether there is anything to compute; binds the device if so.</summary>
    private bool Launches(in Tensor output)
    {
        if (output.Shape.ElementCount == 0)
        {
            return false;
        }

        Bind();
        return true;
    }
}
