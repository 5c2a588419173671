using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Hands tensors to the kernels of one vector width as addresses and numbers.</summary>
/// <param name="pool">Who works.</param>
/// <param name="scratch">What kernels keep between their loops.</param>
/// <param name="rounded">Products of operands rounded to bfloat16, where the precision allows and the machine has them.</param>
/// <param name="quantised">Products of operands quantised to bytes, likewise.</param>
/// <param name="pairs">Attention over pages of bfloat16 pairs, likewise.</param>
/// <param name="amx">Products by tile registers, likewise.</param>
/// <param name="softmax">What attention by tile registers needs beside them.</param>
/// <param name="bytes">Attention over pages of bytes, likewise.</param>
internal sealed unsafe class Kernels<TSimd, TVec>(
    WorkerPool pool, NativeBuffer<float> scratch, BF16Kernels? rounded = null, Int8Kernels? quantised = null, AttentionKernels? pairs = null,
    AmxKernels? amx = null, AttentionKernels? softmax = null, ByteAttentionKernels? bytes = null) : IKernels
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
        long rowBytes = BlockFormat.Of(table.Type).ByteCount(table.Shape.RowLength);
        bool isInPanels = table.Storage is HostStorage { Layout: MatrixLayout.Panels };
        Embedding<TSimd, TVec>.Run(
            pool, new(table.Type, table.HostPointer, isInPanels, rowBytes, (int*)ids.HostPointer, output.RowLength, scale, Floats(output)), output.Rows);
    }

    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        LinearArguments arguments = new()
        {
            X = Floats(input),
            Rows = input.Rows,
            Features = input.RowLength,
            W = weight.HostPointer,
            WStride = BlockFormat.Of(weight.Type).ByteCount(weight.Shape.RowLength),
            Outputs = weight.Rows,
            Bias = bias.IsEmpty ? null : Floats(bias),
            Y = Floats(output),
        };
        if (weight.Storage is HostStorage { Layout: MatrixLayout.Panels })
        {
            PanelRows.Check(weight);
            LinearPanels.Run(pool, scratch, quantised ?? throw new ArgumentException("The weight was imported by a backend of another precision.", nameof(weight)), arguments);
        }
        else if (amx is { } tiles && LinearAmx.Suits(weight.Type, arguments.Rows))
        {
            LinearAmx.Run(pool, scratch, tiles, weight.Type, arguments);
        }
        else if (quantised is { } byteKernels && Int8Products.Suits(weight.Type))
        {
            if (arguments.Rows <= LinearFewRows.MostRows(weight.Type) && FewRowsKernels.Find(weight.Type) is { } few)
            {
                LinearFewRows.Run(pool, scratch, few, weight.Type, arguments);
            }
            else
            {
                LinearInt8.Run(pool, scratch, byteKernels, weight.Type, arguments);
            }
        }
        else if (rounded is { } kernels && LinearBF16.Suits(weight.Type))
        {
            LinearBF16.Run(pool, scratch, kernels, weight.Type, arguments);
        }
        else
        {
            Linear<TSimd, TVec>.Run(pool, scratch, weight.Type, arguments);
        }
    }

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
        int n = checked((int)weight.Shape.ElementCount);
        RmsNorm<TSimd, TVec>.Run(
            pool, new(Floats(input), Floats(weight), n, epsilon, Floats(output)), n == 0 ? 0 : input.Shape.ElementCount / n);
    }

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout) =>
        Rotary<TSimd, TVec>.Run(
            pool, new(Floats(x), Floats(cos), Floats(sin), (int)x.Shape[1], (int)x.Shape[2], cos.RowLength, layout), x.Rows);

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
        switch (activation)
        {
            case Activation.Silu: Map<GatedSilu>(gate, up, 0, output); break;
            case Activation.GeluTanh: Map<GatedGeluTanh>(gate, up, 0, output); break;
            case Activation.Gelu: Map<GatedGelu>(gate, up, 0, output); break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "Not an activation.");
        }
    }

    public void Add(in Tensor x, in Tensor y, in Tensor output) => Map<Add>(x, y, 0, output);

    public void SoftCap(in Tensor x, float cap) => Map<SoftCap>(x, x, cap, x);

    public void Attention(
        in Tensor q, CpuKVCacheStorage cache, int layer, CpuAttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        const float log2E = 1.44269504f;
        bool capped = parameters.SoftCap > 0;
        AttentionArguments arguments = new()
        {
            Q = Floats(q),
            Output = Floats(output),
            Lse = lse.IsEmpty ? null : Floats(lse),
            QHeads = (int)q.Shape[1],
            KVHeads = cache.Shape.KVHeads,
            HeadDim = cache.Shape.HeadDim,
            PaddedHeadDim = cache.PaddedHeadDim,
            PageSize = cache.Shape.PageSize,
            Pages = cache.Layer(layer),
            Layout = cache.Layout,
            QueryFactor = capped ? parameters.Scale / parameters.SoftCap : parameters.Scale * log2E,
            CapFactor = capped ? parameters.SoftCap * log2E : 0,
            Window = parameters.Window,
        };
        if (cache.Layout == KVPageLayout.Bytes && bytes is { } byteKernels && cache.Shape.PageSize == BytePage.Keys)
        {
            Attention<TSimd, TVec>.RunBytes(pool, scratch, plan, byteKernels, arguments);
            return;
        }

        if (cache.Layout != KVPageLayout.Pairs)
        {
            Attention<TSimd, TVec>.Run(pool, scratch, plan, cache.Shape.Type, arguments);
            return;
        }

        if (amx is { } tiles && softmax is { } vectors && AttentionAmx.Suits(cache.Shape))
        {
            Attention<TSimd, TVec>.RunAmx(pool, scratch, plan, tiles, vectors, arguments);
            return;
        }

        AttentionKernels kernels = pairs ?? throw new ArgumentException("The cache was allocated by a backend of another precision.", nameof(cache));
        Attention<TSimd, TVec>.RunPairs(pool, scratch, plan, kernels, arguments);
    }

    private static float* Floats(in Tensor tensor) => (float*)tensor.HostPointer;

    private void Map<TMap>(in Tensor x, in Tensor y, float parameter, in Tensor output)
        where TMap : unmanaged, IMap =>
        MapJob<TSimd, TVec, TMap>.Run(pool, new(Floats(x), Floats(y), parameter, Floats(output), x.Shape.ElementCount));
}
