using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>The operations that work in vectors, for one vector width; shapes were checked before.</summary>
internal interface IKernels
{
    void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output);

    void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output);

    void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output);

    void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout);

    void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output);

    void Add(in Tensor x, in Tensor y, in Tensor output);

    void SoftCap(in Tensor x, float cap);

    void Attention(
        in Tensor q, CpuKVCacheStorage cache, int layer, CpuAttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse);
}
