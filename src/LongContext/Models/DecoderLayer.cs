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
        Tensor hidden = a.Hidden;
        Attend(a, hidden, context);
        FeedForward(a, hidden);
    }

    private void Attend(Activations a, in Tensor hidden, in AttentionContext context)
    {
        backend.RmsNorm(hidden, w.AttentionNorm, config.RmsNormEpsilon, a.Normed);
        backend.Linear(a.Normed, w.Q, w.QBias, a.Q);
        backend.Linear(a.Normed, w.K, w.KBias, a.K);
        backend.Linear(a.Normed, w.V, w.VBias, a.V);

        long tokens = hidden.Shape.Rows;
        Tensor q = a.Q.Reshape(new TensorShape(tokens, config.QHeads, config.HeadDim));
        Tensor k = a.K.Reshape(new TensorShape(tokens, config.KVHeads, config.HeadDim));
        Tensor v = a.V.Reshape(new TensorShape(tokens, config.KVHeads, config.HeadDim));
        NormIfAny(q, w.QNorm);
        NormIfAny(k, w.KNorm);
        method.Forward(context, q, k, v, a.Attended.Reshape(q.Shape));

        backend.Linear(a.Attended, w.AttentionOutput, default, a.Delta);
        NormIfAny(a.Delta, w.PostAttentionNorm);
        backend.Add(hidden, a.Delta, hidden);
    }

    private void FeedForward(Activations a, in Tensor hidden)
    {
        backend.RmsNorm(hidden, w.FeedForwardNorm, config.RmsNormEpsilon, a.Normed);
        backend.Linear(a.Normed, w.Gate, default, a.Gate);
        backend.Linear(a.Normed, w.Up, default, a.Up);
        backend.GatedActivation(a.Gate, a.Up, config.Activation, a.Gate);
        backend.Linear(a.Gate, w.Down, default, a.Delta);
        NormIfAny(a.Delta, w.PostFeedForwardNorm);
        backend.Add(hidden, a.Delta, hidden);
    }

    private void NormIfAny(in Tensor x, in Tensor weight)
    {
        if (!weight.IsEmpty)
        {
            backend.RmsNorm(x, weight, config.RmsNormEpsilon, x);
        }
    }
}
