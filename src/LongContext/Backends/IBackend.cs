using LongContext.Tensors;

namespace LongContext.Backends;

/// <summary>A device that computes: the table of operations that the one forward pass is written in.</summary>
/// <remarks>
/// Knows no models, no cache policy, no collectives. Activations are F32, row-major: [tokens, features] or [tokens, heads, headDim].
/// Operations may be queued; <see cref="Download{T}"/> waits for those before it. Outputs may alias inputs only where said.
/// A row's result depends only on that row's inputs, never on how many rows are computed together (batch invariance).
/// Not thread-safe: one engine thread calls. Shapes that do not fit throw <see cref="ArgumentException"/> before any work.
/// </remarks>
public interface IBackend : IDisposable
{
    /// <summary>What the device is.</summary>
    BackendInfo Info { get; }

    /// <summary>Allocates a zeroed tensor. The caller disposes its <see cref="Tensor.Storage"/>.</summary>
    Tensor Allocate(DType type, TensorShape shape);

    /// <summary>Makes a weight matrix or vector usable by this device.</summary>
    /// <param name="host">[rows, columns] or [columns] in host memory, of any <see cref="DType"/>.</param>
    /// <returns>
    /// A tensor for <see cref="Linear"/>, <see cref="Embedding"/> or <see cref="RmsNorm"/>: the same memory, or a copy in the device's
    /// own layout. When it is a copy, the caller may give the source's pages back.
    /// </returns>
    Tensor ImportWeight(in Tensor host);

    /// <summary>Allocates the pages of a KV cache. The layout inside a page is this backend's own.</summary>
    KVCacheStorage AllocateKVCache(KVCacheShape shape);

    /// <summary>Bytes that <see cref="AllocateKVCache"/> would take.</summary>
    long KVCacheByteCount(KVCacheShape shape);

    /// <summary>Makes a plan object for this backend; filled by <see cref="Plan"/> once a step, reused for ever.</summary>
    AttentionPlan CreatePlan();

    /// <summary>Lays out the attention work of one step, used by every layer of it.</summary>
    void Plan(AttentionPlan plan, AttentionBatch batch);

    /// <summary>Copies host elements into a tensor.</summary>
    void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged;

    /// <summary>Copies a tensor's elements to the host, after all operations before.</summary>
    void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged;

    /// <summary>output[i] = table[ids[i]] · scale.</summary>
    /// <param name="table">[vocabulary, hiddenSize], any type.</param>
    /// <param name="ids">[tokens], I32, each in the vocabulary.</param>
    /// <param name="scale">1, or the square root of hiddenSize (Gemma).</param>
    /// <param name="output">[tokens, hiddenSize].</param>
    void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output);

    /// <summary>output = input · weightᵀ + bias.</summary>
    /// <param name="input">[tokens, inFeatures].</param>
    /// <param name="weight">[outFeatures, inFeatures], any type.</param>
    /// <param name="bias">[outFeatures], F32, or empty.</param>
    /// <param name="output">[tokens, outFeatures].</param>
    void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output);

    /// <summary>Each vector of the last dimension divided by its root mean square, times weight. Output may be the input.</summary>
    /// <param name="input">[…, n].</param>
    /// <param name="weight">[n], F32.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="output">Shape of the input.</param>
    void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output);

    /// <summary>Rotary position embedding in place: pair i of each head turned by its angle; features past the table stay.</summary>
    /// <param name="x">[tokens, heads, headDim].</param>
    /// <param name="cos">[tokens, pairs].</param>
    /// <param name="sin">[tokens, pairs].</param>
    /// <param name="layout">Which two features make a pair.</param>
    void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout);

    /// <summary>output = activation(gate) · up, element by element. Output may be either input.</summary>
    void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output);

    /// <summary>output = x + y. Output may be either input.</summary>
    void Add(in Tensor x, in Tensor y, in Tensor output);

    /// <summary>x = cap · tanh(x / cap), in place (Gemma 2).</summary>
    void SoftCap(in Tensor x, float cap);

    /// <summary>output[i] = x[rows[i]].</summary>
    /// <param name="x">[n, columns].</param>
    /// <param name="rows">[m], I32.</param>
    /// <param name="output">[m, columns].</param>
    void GatherRows(in Tensor x, in Tensor rows, in Tensor output);

    /// <summary>Writes this step's keys and values into their cache slots (the plan's slot mapping), converted to the cache's type.</summary>
    /// <param name="k">[tokens, kvHeads, headDim].</param>
    /// <param name="v">[tokens, kvHeads, headDim].</param>
    /// <param name="cache">The pages.</param>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="plan">This step's plan.</param>
    void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan);

    /// <summary>Reads cached keys and values back as F32, without loss; each head may come from slots of its own.</summary>
    /// <param name="cache">The pages.</param>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="slots">[count, kvHeads], I32: cache slots that were written before.</param>
    /// <param name="k">[count, kvHeads, headDim].</param>
    /// <param name="v">[count, kvHeads, headDim].</param>
    void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v);

    /// <summary>Attention of this step's query rows over cached keys, one softmax per row and head, per the plan's items.</summary>
    /// <param name="q">[tokens, qHeads, headDim].</param>
    /// <param name="cache">The pages.</param>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="plan">This step's plan; every query row is in exactly one item (else use <see cref="MergeStates"/>).</param>
    /// <param name="parameters">Scale, soft cap and window of this layer.</param>
    /// <param name="output">[tokens, qHeads, headDim].</param>
    /// <param name="lse">[tokens, qHeads], natural log of the softmax denominator, or empty.</param>
    void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse);

    /// <summary>Merges two attention results over disjoint keys, in place.</summary>
    /// <remarks><c>out = (w₁·out₁ + w₂·out₂) / (w₁ + w₂)</c>, <c>wᵢ = exp(lseᵢ − max)</c>, <c>lse = max + ln(w₁ + w₂)</c>; in any order.</remarks>
    /// <param name="output">[tokens, qHeads, headDim]; updated.</param>
    /// <param name="lse">[tokens, qHeads]; updated.</param>
    /// <param name="other">Shape of output.</param>
    /// <param name="otherLse">Shape of lse; −∞ for an empty key set.</param>
    void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse);
}
