using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Who attends to what: lays a step out as rows, then is called once a layer, between the projections and the output projection.</summary>
/// <remarks>Knows the backend's operations and the step's chunks; knows no model and no kernel.</remarks>
internal interface IAttentionMethod
{
    /// <summary>Chooses the rows that this rank computes in one pass over the model, their slots and their wanted logits.</summary>
    /// <param name="chunks">What the step computes, the same on every rank.</param>
    /// <param name="pass">0 at first; counts up while the result is true.</param>
    /// <param name="rows">Empty; to be filled. A pass may have no rows on a rank.</param>
    /// <returns>True when the step needs another pass. Over all passes and ranks, every output of every chunk is added once.</returns>
    bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows);

    /// <summary>Fills the batch's attention items; called once a pass, before the backend plans.</summary>
    void AddItems(Backends.AttentionBatch batch);

    /// <summary>Computes one layer's attention.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[tokens, qHeads, headDim], before rotary embedding (a compressor may score it); scratch afterwards.</param>
    /// <param name="k">[tokens, kvHeads, headDim], before rotary embedding; scratch afterwards.</param>
    /// <param name="v">[tokens, kvHeads, headDim].</param>
    /// <param name="output">[tokens, qHeads, headDim].</param>
    void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output);
}
