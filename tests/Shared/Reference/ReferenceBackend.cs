using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Diagnostics;
using LongContext.Tensors;
using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Reference;

/// <summary>The backend to hold the others against: plain loops, sums in doubles, results rounded once. Slow.</summary>
internal sealed class ReferenceBackend : IBackend
{
    public BackendInfo Info { get; } = new("reference", "plain loops, double sums", 1);

    public Tensor Allocate(DType type, TensorShape shape) =>
        new(HostStorage.Allocate(BlockFormat.Of(type).ByteCount(shape.ElementCount)), 0, type, shape);

    public Tensor ImportWeight(in Tensor host) => host;

    public KVCacheStorage AllocateKVCache(KVCacheShape shape)
    {
        OperationShapes.KVCache(shape);
        return new ReferenceKVCache(shape);
    }

    public long KVCacheByteCount(KVCacheShape shape)
    {
        OperationShapes.KVCache(shape);
        return ReferenceKVCache.ByteCountOf(shape);
    }

    public AttentionPlan CreatePlan() => new ReferencePlan();

    public void Plan(AttentionPlan plan, AttentionBatch batch) => ((ReferencePlan)plan).Fill(batch);

    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => MemoryMarshal.AsBytes(source).CopyTo(Sized(destination, MemoryMarshal.AsBytes(source).Length));

    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => Sized(source, MemoryMarshal.AsBytes(destination).Length).CopyTo(MemoryMarshal.AsBytes(destination));

    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
        OperationShapes.Embedding(table, ids, output);
        for (int i = 0; i < output.Rows; i++)
        {
            int id = RowNumber(ids, i, table.Rows);
            double[] row = ReferenceDequantizer.Decode(table.Slice(id, 1).HostSpan<byte>(), table.Type);
            Store(row.Select(x => x * scale), output.Slice(i, 1));
        }
    }

    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        OperationShapes.Linear(input, weight, bias, output);
        Span<float> x = input.HostSpan<float>();
        Span<float> y = output.HostSpan<float>();
        int n = input.RowLength;
        for (int o = 0; o < weight.Rows; o++)
        {
            double[] w = ReferenceDequantizer.Decode(weight.Slice(o, 1).HostSpan<byte>(), weight.Type);
            for (int t = 0; t < input.Rows; t++)
            {
                double sum = bias.IsEmpty ? 0 : bias.HostSpan<float>()[o];
                for (int i = 0; i < n; i++)
                {
                    sum += x[(t * n) + i] * w[i];
                }

                y[(t * weight.Rows) + o] = (float)sum;
            }
        }
    }

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
        OperationShapes.RmsNorm(input, weight, output);
        Span<float> w = weight.HostSpan<float>();
        for (int start = 0; start < input.Shape.ElementCount; start += w.Length)
        {
            Span<float> x = input.HostSpan<float>().Slice(start, w.Length);
            double square = 0;
            foreach (float value in x)
            {
                square += (double)value * value;
            }

            double factor = 1 / Math.Sqrt((square / w.Length) + epsilon);
            for (int i = 0; i < w.Length; i++)
            {
                output.HostSpan<float>()[start + i] = (float)(x[i] * factor * w[i]);
            }
        }
    }

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout)
    {
        OperationShapes.Rotary(x, cos, sin);
        int pairs = cos.RowLength;
        int headDim = (int)x.Shape[2];
        Span<float> values = x.HostSpan<float>();
        for (int row = 0; row < x.Rows * (int)x.Shape[1]; row++)
        {
            Span<float> head = values.Slice(row * headDim, headDim);
            for (int i = 0; i < pairs; i++)
            {
                int first = layout == RotaryLayout.SplitHalves ? i : 2 * i;
                int second = layout == RotaryLayout.SplitHalves ? i + pairs : (2 * i) + 1;
                int angle = (row / (int)x.Shape[1] * pairs) + i;
                (double c, double s) = (cos.HostSpan<float>()[angle], sin.HostSpan<float>()[angle]);
                (double a, double b) = (head[first], head[second]);
                head[first] = (float)((a * c) - (b * s));
                head[second] = (float)((b * c) + (a * s));
            }
        }
    }

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
        OperationShapes.Elementwise(gate, up, output);
        for (int i = 0; i < gate.Shape.ElementCount; i++)
        {
            double activated = ReferenceMath.Activate(gate.HostSpan<float>()[i], activation);
            output.HostSpan<float>()[i] = (float)(activated * up.HostSpan<float>()[i]);
        }
    }

    public void Add(in Tensor x, in Tensor y, in Tensor output)
    {
        OperationShapes.Elementwise(x, y, output);
        for (int i = 0; i < x.Shape.ElementCount; i++)
        {
            output.HostSpan<float>()[i] = x.HostSpan<float>()[i] + y.HostSpan<float>()[i];
        }
    }

    public void SoftCap(in Tensor x, float cap)
    {
        OperationShapes.SoftCap(x, cap);
        foreach (ref float value in x.HostSpan<float>())
        {
            value = (float)(cap * Math.Tanh((double)value / cap));
        }
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        OperationShapes.GatherRows(x, rows, output);
        for (int i = 0; i < output.Rows; i++)
        {
            x.Slice(RowNumber(rows, i, x.Rows), 1).HostSpan<float>().CopyTo(output.Slice(i, 1).HostSpan<float>());
        }
    }

    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan)
    {
        (ReferenceKVCache pages, ReferencePlan step) = ((ReferenceKVCache)cache, (ReferencePlan)plan);
        step.CheckCache(cache.Shape);
        OperationShapes.AppendKV(k, v, cache.Shape, layer, step.Slots.Length);
        OperationShapes.Slots(!step.Slots.Contains(-1));
        (int heads, int headDim) = (cache.Shape.KVHeads, cache.Shape.HeadDim);
        for (int row = 0; row < k.Rows * heads; row++)
        {
            long slot = step.Slots[row / heads];
            pages.Round(k.HostSpan<float>().Slice(row * headDim, headDim), isKey: true).CopyTo(pages.Key(layer, slot, row % heads));
            pages.Round(v.HostSpan<float>().Slice(row * headDim, headDim), isKey: false).CopyTo(pages.Value(layer, slot, row % heads));
        }
    }

    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
        ReferenceKVCache pages = (ReferenceKVCache)cache;
        OperationShapes.GatherKV(cache.Shape, layer, slots, k, v);
        (int heads, int headDim) = (cache.Shape.KVHeads, cache.Shape.HeadDim);
        for (int row = 0; row < k.Rows * heads; row++)
        {
            int slot = slots.HostSpan<int>()[row];
            ShapeGuard.Within(slot, 1, (long)cache.Shape.Pages * cache.Shape.PageSize, "slot");
            pages.Key(layer, slot, row % heads).CopyTo(k.HostSpan<float>()[(row * headDim)..]);
            pages.Value(layer, slot, row % heads).CopyTo(v.HostSpan<float>()[(row * headDim)..]);
        }
    }

    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        (ReferenceKVCache pages, ReferencePlan step) = ((ReferenceKVCache)cache, (ReferencePlan)plan);
        step.CheckCache(cache.Shape);
        OperationShapes.Attention(q, cache.Shape, layer, step.Slots.Length, parameters, output, lse);
        ReferenceAttention.Run(q, pages, layer, step, parameters, output, lse);
    }

    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
        OperationShapes.MergeStates(output, lse, other, otherLse);
        int headDim = (int)output.Shape[2];
        for (int row = 0; row < lse.Shape.ElementCount; row++)
        {
            (double a, double b) = (lse.HostSpan<float>()[row], otherLse.HostSpan<float>()[row]);
            double max = Math.Max(a, b);
            if (double.IsNegativeInfinity(max))
            {
                continue;
            }

            (double w1, double w2) = (Math.Exp(a - max), Math.Exp(b - max));
            for (int i = row * headDim; i < (row + 1) * headDim; i++)
            {
                output.HostSpan<float>()[i] = (float)(((output.HostSpan<float>()[i] * w1) + (other.HostSpan<float>()[i] * w2)) / (w1 + w2));
            }

            lse.HostSpan<float>()[row] = (float)(max + Math.Log(w1 + w2));
        }
    }

    public void Dispose()
    {
    }

    private static int RowNumber(in Tensor ids, int i, int limit)
    {
        int id = ids.HostSpan<int>()[i];
        return id >= 0 && id < limit ? id : throw new ArgumentException($"Row {id} does not exist; there are {limit}.");
    }

    private static void Store(IEnumerable<double> values, in Tensor row)
    {
        int i = 0;
        foreach (double value in values)
        {
            row.HostSpan<float>()[i++] = (float)value;
        }
    }

    private static Span<byte> Sized(in Tensor tensor, int byteCount) =>
        tensor.ByteCount == byteCount
            ? tensor.HostSpan<byte>()
            : throw new ArgumentException($"{tensor} has {tensor.ByteCount} bytes, not {byteCount}.");
}
