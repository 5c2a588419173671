using LongContext.Attention;
using LongContext.Backends;
using LongContext.Loading;

namespace LongContext.Models;

/// <summary>The forward pass of a decoder-only transformer, the same for every architecture and backend.</summary>
internal sealed class CausalLM : IDisposable
{
    private CausalLM()
    {
    }

    /// <summary>What the model is.</summary>
    internal ModelConfig Config => throw new NotSupportedException();

    /// <summary>Bytes of weights held, and how many weights.</summary>
    internal long WeightBytes => throw new NotSupportedException();

    /// <summary>Number of weights.</summary>
    internal long ParameterCount => throw new NotSupportedException();

    /// <summary>Checks every tensor against the architecture's table, then imports them into the backend.</summary>
    /// <param name="files">The opened model; stays owned by the caller and must outlive the model.</param>
    /// <param name="backend">Where to compute; owned by the caller.</param>
    /// <param name="method">Who attends to what.</param>
    /// <param name="contextLength">The session's context, which chooses between short and long rotary factors.</param>
    /// <param name="maxTokens">Most tokens of one step; activations are allocated for as many.</param>
    /// <param name="maxOutputs">Most rows of one step whose logits are wanted.</param>
    /// <param name="progress">Told of loaded bytes.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    internal static CausalLM Load(
        ModelFiles files, IBackend backend, IAttentionMethod method, int contextLength, int maxTokens, int maxOutputs,
        IProgress<LoadProgress>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Bytes of one step's activations.</summary>
    internal static long ActivationByteCount(ModelConfig config, int maxTokens, int maxOutputs) => throw new NotSupportedException();

    /// <summary>Runs one step: appends its keys and values to the cache and computes the wanted rows' logits.</summary>
    /// <param name="input">At most maxTokens rows.</param>
    /// <param name="cache">The KV pages.</param>
    /// <param name="logits">[outputs, vocabulary], row-major.</param>
    internal void Forward(in StepInput input, KVCacheStorage cache, Span<float> logits) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotSupportedException();
}
