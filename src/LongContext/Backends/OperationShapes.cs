using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Backends;

/// <summary>The shape rules of <see cref="IBackend"/>'s operations, checked before any work; every backend calls these.</summary>
/// <remarks>Allocates nothing unless it throws. Knows no data: ids and row numbers are the backend's to check.</remarks>
internal static class OperationShapes
{
    internal static void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        Present(table, nameof(table));
        Typed(ids, DType.I32, nameof(ids));
        Typed(output, DType.F32, nameof(output));
        ShapeGuard.SameLength(output.Shape.Rows, ids.Shape.ElementCount, "output rows");
        ShapeGuard.SameLength(output.Shape.RowLength, table.Shape.RowLength, "output columns");
    }

    internal static void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        Typed(input, DType.F32, nameof(input));
        Present(weight, nameof(weight));
        ShapeGuard.Require(weight.Type != DType.I32, "weight: I32 is no weight type.");
        Typed(output, DType.F32, nameof(output));
        ShapeGuard.SameLength(input.Shape.RowLength, weight.Shape.RowLength, "input columns");
        ShapeGuard.SameLength(output.Shape.Rows, input.Shape.Rows, "output rows");
        ShapeGuard.SameLength(output.Shape.RowLength, weight.Shape.Rows, "output columns");
        if (!bias.IsEmpty)
        {
            Typed(bias, DType.F32, nameof(bias));
            ShapeGuard.SameLength(bias.Shape.ElementCount, weight.Shape.Rows, "bias elements");
        }
    }

    internal static void RmsNorm(in Tensor input, in Tensor weight, in Tensor output)
    {
        Typed(input, DType.F32, nameof(input));
        Typed(weight, DType.F32, nameof(weight));
        Typed(output, DType.F32, nameof(output));
        ShapeGuard.SameLength(weight.Shape.ElementCount, input.Shape[input.Shape.Rank - 1], "weight elements");
        SameShape(output, input, nameof(output));
    }

    internal static void Rotary(in Tensor x, in Tensor cos, in Tensor sin)
    {
        Typed(x, DType.F32, nameof(x));
        Typed(cos, DType.F32, nameof(cos));
        Typed(sin, DType.F32, nameof(sin));
        ShapeGuard.SameLength(x.Shape.Rank, 3, "dimensions of x");
        ShapeGuard.SameLength(cos.Shape.Rows, x.Shape.Rows, "rows of cos");
        SameShape(sin, cos, nameof(sin));
        ShapeGuard.Require(cos.Shape.RowLength * 2 <= x.Shape[2], "cos has more pairs than a head has pairs of features.");
    }

    internal static void Elementwise(in Tensor x, in Tensor y, in Tensor output)
    {
        Typed(x, DType.F32, nameof(x));
        Typed(y, DType.F32, nameof(y));
        Typed(output, DType.F32, nameof(output));
        ShapeGuard.SameLength(y.Shape.ElementCount, x.Shape.ElementCount, "elements of the second operand");
        ShapeGuard.SameLength(output.Shape.ElementCount, x.Shape.ElementCount, "elements of the output");
    }

    internal static void SoftCap(in Tensor x, float cap)
    {
        Typed(x, DType.F32, nameof(x));
        ShapeGuard.Require(cap > 0 && float.IsFinite(cap), "cap must be above 0 and finite.");
    }

    internal static void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        Typed(x, DType.F32, nameof(x));
        Typed(rows, DType.I32, nameof(rows));
        Typed(output, DType.F32, nameof(output));
        ShapeGuard.SameLength(output.Shape.Rows, rows.Shape.ElementCount, "output rows");
        ShapeGuard.SameLength(output.Shape.RowLength, x.Shape.RowLength, "output columns");
    }

    internal static void KVCache(KVCacheShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ShapeGuard.Require(
            shape.Layers > 0 && shape.Pages > 0 && shape.KVHeads > 0 && shape.HeadDim > 0, "Every size of a KV cache must be above 0.");
        ShapeGuard.Require(shape.PageSize > 0 && shape.PageSize % 16 == 0, $"{shape}: the page size must be a multiple of 16.");
        ShapeGuard.Require(shape.Type is DType.F32 or DType.BF16 or DType.Q8_0, $"{shape}: a cache is F32, BF16 or Q8_0.");
    }

    internal static void AppendKV(in Tensor k, in Tensor v, KVCacheShape cache, int layer, int tokens)
    {
        Heads(k, tokens, cache.HeadDim, nameof(k));
        ShapeGuard.SameLength(k.Shape[1], cache.KVHeads, "heads of k");
        SameShape(v, k, nameof(v));
        ShapeGuard.Within(layer, 1, cache.Layers, nameof(layer));
    }

    internal static void Slots(bool canAppend) =>
        ShapeGuard.Require(canAppend, "The plan has query rows without cache slots: it is for attention only.");

    internal static void GatherKV(KVCacheShape cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
        Typed(slots, DType.I32, nameof(slots));
        ShapeGuard.SameLength(slots.Shape.Rank, 2, "dimensions of slots");
        ShapeGuard.SameLength(slots.Shape[1], cache.KVHeads, "heads of slots");
        AppendKV(k, v, cache, layer, checked((int)slots.Shape[0]));
    }

    internal static void Attention(
        in Tensor q, KVCacheShape cache, int layer, int tokens, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        Heads(q, tokens, cache.HeadDim, nameof(q));
        ShapeGuard.Require(
            q.Shape[1] > 0 && q.Shape[1] % cache.KVHeads == 0, "The query heads are not a multiple of the cache's key/value heads.");
        SameShape(output, q, nameof(output));
        ShapeGuard.Within(layer, 1, cache.Layers, nameof(layer));
        ShapeGuard.Require(float.IsFinite(parameters.Scale), "The scale is not finite.");
        ShapeGuard.Require(parameters.SoftCap >= 0 && float.IsFinite(parameters.SoftCap), "The soft cap is negative or not finite.");
        ShapeGuard.Require(parameters.Window >= 0, "The window is negative.");
        if (!lse.IsEmpty)
        {
            Typed(lse, DType.F32, nameof(lse));
            ShapeGuard.SameLength(lse.Shape.ElementCount, q.Shape[0] * q.Shape[1], "elements of lse");
        }
    }

    internal static void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
        Typed(output, DType.F32, nameof(output));
        Typed(lse, DType.F32, nameof(lse));
        Typed(other, DType.F32, nameof(other));
        Typed(otherLse, DType.F32, nameof(otherLse));
        ShapeGuard.SameLength(output.Shape.Rank, 3, "dimensions of output");
        SameShape(other, output, nameof(other));
        ShapeGuard.SameLength(lse.Shape.ElementCount, output.Shape[0] * output.Shape[1], "elements of lse");
        ShapeGuard.SameLength(otherLse.Shape.ElementCount, lse.Shape.ElementCount, "elements of otherLse");
    }

    /// <summary>The batch's pages, items and rows against each other.</summary>
    /// <exception cref="ArgumentException">An item leaves its sequence.</exception>
    internal static void Batch(AttentionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ShapeGuard.Require(batch.PageSize > 0 && batch.PageSize % 16 == 0, "The page size must be a multiple of 16.");
        foreach (int page in batch.KVPageIndices)
        {
            ShapeGuard.Require(page >= 0, "A page number is negative.");
        }

        foreach (ref readonly AttentionItem item in batch.Items)
        {
            ShapeGuard.Within(item.Sequence, 1, batch.SequenceCount, "item's sequence");
            ShapeGuard.Within(item.QueryStart, item.QueryCount, batch.TokenCount, "item's query rows");
            ShapeGuard.Within(item.KeyStart, item.KeyCount, batch.KVLengths[item.Sequence], "item's keys");
            ShapeGuard.Require(item.Mask is AttentionMask.Causal or AttentionMask.Full, "The item's mask is unknown.");
        }
    }

    /// <summary>A tensor of <paramref name="type"/> that is there.</summary>
    internal static void Typed(in Tensor tensor, DType type, string name)
    {
        Present(tensor, name);
        if (tensor.Type != type)
        {
            ShapeGuard.Throw($"{name} is {tensor}, not {type}.");
        }
    }

    private static void Present(in Tensor tensor, string name)
    {
        if (tensor.IsEmpty)
        {
            ShapeGuard.Throw($"{name} is no tensor.");
        }
    }

    private static void SameShape(in Tensor tensor, in Tensor model, string name)
    {
        Typed(tensor, model.Type, name);
        if (tensor.Shape != model.Shape)
        {
            ShapeGuard.Throw($"{name} is {tensor}, but the other operands call for {model}.");
        }
    }

    private static void Heads(in Tensor tensor, int tokens, int headDim, string name)
    {
        Typed(tensor, DType.F32, name);
        ShapeGuard.SameLength(tensor.Shape.Rank, 3, "head dimensions");
        ShapeGuard.SameLength(tensor.Shape[0], tokens, "tokens");
        ShapeGuard.SameLength(tensor.Shape[2], headDim, "features of a head");
    }
}
