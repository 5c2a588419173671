using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Who attends to what: called once a layer and step, between the projections and the output projection.</summary>
/// <remarks>Knows the backend's operations and the step's batch; knows no model and no kernel.</remarks>
internal interface IAttentionMethod
{
    /// <summary>Fills the batch's attention items for this step; called once, before the backend plans.</summary>
    void AddItems(Backends.AttentionBatch batch);

    /// <summary>Computes one layer's attention.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[tokens, qHeads, headDim], before rotary embedding (a compressor may score it); scratch afterwards.</param>
    /// <param name="k">[tokens, kvHeads, headDim], before rotary embedding; scratch afterwards.</param>
    /// <param name="v">[tokens, kvHeads, headDim].</param>
    /// <param name="output">[tokens, qHeads, headDim].</param>
    void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output);
}
