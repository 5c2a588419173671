using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Exact causal attention on one rank: one item a sequence, its new rows against all its cached keys.</summary>
internal sealed class FullAttention : IAttentionMethod
{
    private readonly List<(int FirstRow, StepChunk Chunk)> _measured = []; // those that want to know where their weight goes

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        _measured.Clear();
        foreach (ref readonly StepChunk chunk in chunks)
        {
            if (chunk.Recall is not null)
            {
                _measured.Add((rows.TokenIds.Length, chunk));
            }

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
        backend.Rotary(k, context.Cos, context.Sin, context.RotaryLayout);
        backend.AppendKV(k, v, context.Cache, context.Layer, context.Plan);
        if (context.IsOutputUnused && _measured.Count == 0)
        {
            return;
        }

        backend.Rotary(q, context.Cos, context.Sin, context.RotaryLayout);
        Tensor lse = _measured.Count > 0 ? _measured[0].Chunk.Recall!.Lse(backend, q.Shape[0], q.Shape[1]) : default;
        backend.Attention(q, context.Cache, context.Layer, context.Plan, context.Parameters, output, lse);
        foreach (ref readonly (int FirstRow, StepChunk Chunk) measured in CollectionsMarshal.AsSpan(_measured))
        {
            int count = measured.Chunk.Count;
            measured.Chunk.Recall!.Add(context, measured.Chunk, q.Slice(measured.FirstRow, count), lse.Slice(measured.FirstRow, count));
        }
    }
}
