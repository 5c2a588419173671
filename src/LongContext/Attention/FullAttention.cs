using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Exact causal attention on one rank: one item a sequence, its new rows against all its cached keys.</summary>
internal sealed class FullAttention : IAttentionMethod
{
    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        foreach (ref readonly StepChunk chunk in chunks)
        {
            rows.Add(chunk);
        }

        return false;
    }

    /// <inheritdoc/>
    public void AddItems(AttentionBatch batch)
    {
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int start = batch.QoIndptr[s];
            int count = batch.QoIndptr[s + 1] - start;
            int length = batch.KVLengths[s];
            batch.AddItem(new AttentionItem(s, start, count, 0, length, AttentionMask.Causal, length - count));
        }
    }

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        IBackend backend = context.Backend;
        backend.Rotary(q, context.Cos, context.Sin, context.RotaryLayout);
        backend.Rotary(k, context.Cos, context.Sin, context.RotaryLayout);
        backend.AppendKV(k, v, context.Cache, context.Layer, context.Plan);
        backend.Attention(q, context.Cache, context.Layer, context.Plan, context.Parameters, output, default);
    }
}
