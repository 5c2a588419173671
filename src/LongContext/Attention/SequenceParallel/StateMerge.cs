using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Brings every rank's states of moved rows back to the rows' ranks and merges them there.</summary>
internal abstract class StateMerge : IDisposable
{
    /// <summary>Merges one slice.</summary>
    /// <param name="backend">Where the states are.</param>
    /// <param name="states">[moved rows, qHeads, headDim]: this rank's part of all ranks' rows, in rank order.</param>
    /// <param name="sums">[moved rows, qHeads]: their lse; −∞ where this rank has no key.</param>
    /// <param name="rowsOf">[ranks]: moved rows of each rank.</param>
    /// <param name="output">[rows of this rank, qHeads, headDim]; updated.</param>
    /// <param name="lse">[rows of this rank, qHeads]; updated.</param>
    /// <param name="tag">The layer's and slice's; the phase is <see cref="CommPhase.MergeStates"/>.</param>
    internal abstract void Run(
        IBackend backend, in Tensor states, in Tensor sums, ReadOnlySpan<int> rowsOf, in Tensor output, in Tensor lse, CommTag tag);

    /// <inheritdoc/>
    public abstract void Dispose();
}
