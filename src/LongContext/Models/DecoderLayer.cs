using LongContext.Attention;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>One layer of the residual stream: attention, then a gated feed-forward layer.</summary>
/// <remarks>Parts an architecture does not have are empty tensors. Knows neither who attends to whom nor on what device.</remarks>
internal sealed class DecoderLayer(ModelConfig config, LayerWeights w, IBackend backend, IAttentionMethod method)
{
    /// <summary>Adds this layer to <see cref="Activations.Hidden"/>.</summary>
    internal void Forward(Activations a, in AttentionContext context)
    {
        Attend(a, context);
        if (a.Hidden.Shape.Rows > 0)
        {
            AddAttended(a, a.Attended, a.Hidden);
            FeedForward(a, a.Hidden);
        }
    }

    /// <summary>
    /// The same for <see cref="Activations.OutputHidden"/> alone, which becomes the sum for <see cref="Activations.OutputRows"/>: of the last layer, nobody
    /// reads more than these rows and all keys and values.
    /// </summary>
    internal void ForwardOutputs(Activations a, in AttentionContext context)
    {
        long outputs = a.OutputRows.Shape.ElementCount;
        Attend(a, context with { IsOutputUnused = outputs == 0 });
        if (outputs > 0)
        {
            Tensor attended = a.Q.Slice(0, outputs);
            backend.GatherRows(a.Attended, a.OutputRows, attended);
            backend.GatherRows(a.Hidden, a.OutputRows, a.OutputHidden);
            AddAttended(a, attended, a.OutputHidden);
            FeedForward(a, a.OutputHidden);
        }
    }

    private void Attend(Activations a, in AttentionContext context)
    {
        Tensor hidden = a.Hidden;
        long tokens = hidden.Shape.Rows;
        Tensor q = a.Q.Reshape(new TensorShape(tokens, config.QHeads, config.HeadDim));
        Tensor k = a.K.Reshape(new TensorShape(tokens, config.KVHeads, config.HeadDim));
        Tensor v = a.V.Reshape(new TensorShape(tokens, config.KVHeads, config.HeadDim));
        if (tokens == 0)
        {
            method.Forward(context, q, k, v, a.Attended.Reshape(q.Shape)); // others may need this rank's keys
            return;
        }

        backend.RmsNorm(hidden, w.AttentionNorm, config.RmsNormEpsilon, a.Normed);
        backend.Linear(a.Normed, w.Q, w.QBias, a.Q);
        backend.Linear(a.Normed, w.K, w.KBias, a.K);
        backend.Linear(a.Normed, w.V, w.VBias, a.V);
        NormIfAny(q, w.QNorm);
        NormIfAny(k, w.KNorm);
        method.Forward(context, q, k, v, a.Attended.Reshape(q.Shape));
    }

    private void AddAttended(Activations a, in Tensor attended, in Tensor hidden)
    {
        Tensor delta = a.Delta.Slice(0, hidden.Shape.Rows);
        backend.Linear(attended, w.AttentionOutput, default, delta);
        NormIfAny(delta, w.PostAttentionNorm);
        backend.Add(hidden, delta, hidden);
    }

    private void FeedForward(Activations a, in Tensor hidden)
    {
        for (long start = 0; start < hidden.Shape.Rows; start += Activations.FeedForwardRows)
        {
            long rows = Math.Min(Activations.FeedForwardRows, hidden.Shape.Rows - start);
            FeedForward(hidden.Slice(start, rows), a.Normed.Slice(start, rows), a.Delta.Slice(start, rows), a.Gate(rows), a.Up(rows));
        }
    }

    private void FeedForward(in Tensor hidden, in Tensor normed, in Tensor delta, in Tensor gate, in Tensor up)
    {
        backend.RmsNorm(hidden, w.FeedForwardNorm, config.RmsNormEpsilon, normed);
        backend.Linear(normed, w.Gate, default, gate);
        backend.Linear(normed, w.Up, default, up);
        backend.GatedActivation(gate, up, config.Activation, gate);
        backend.Linear(gate, w.Down, default, delta);
        NormIfAny(delta, w.PostFeedForwardNorm);
        backend.Add(hidden, delta, hidden);
    }

    private void NormIfAny(in Tensor x, in Tensor weight)
    {
        if (!weight.IsEmpty)
        {
            backend.RmsNorm(x, weight, config.RmsNormEpsilon, x);
        }
    }
}
