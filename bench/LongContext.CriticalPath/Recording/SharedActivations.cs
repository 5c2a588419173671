using LongContext.Tensors;
using LongContext.Tests.Shared.Golden;

namespace LongContext.CriticalPath.Recording;

/// <summary>Tensors of a step that are dead whenever a rank waits: ranks that take turns can have the same ones. Many ranks then fit one machine.</summary>
/// <remarks>
/// Of a step's tensors these are what half a layer reads and what it adds, allocated after the residual stream in its shape, and the two of the feed-forward's width.
/// A rank gets a view: what it frees when it grows or ends, the others keep. Dispose this when all have ended. A test holds the tokens of such ranks against those of one host.
/// </remarks>
/// <param name="hiddenSize">Columns of the residual stream.</param>
/// <param name="feedForward">Columns of the feed-forward.</param>
internal sealed class SharedActivations(int hiddenSize, int feedForward) : IDisposable
{
    private readonly Dictionary<(TensorShape Shape, int Number), Tensor> _tensors = [];

    /// <summary>Bytes that a rank of at least so many rows need not have.</summary>
    internal static long LeastBytes(GoldenShape shape, long rows) =>
        2L * sizeof(float) * ((rows * shape.HiddenSize) + (Math.Min(rows, 2_048) * shape.FeedForward)); // the feed-forward computes 2,048 rows at a time

    /// <summary>The tensor for all ranks, or null if each needs its own.</summary>
    /// <param name="shape">Asked for.</param>
    /// <param name="number">How many of that shape the rank has already.</param>
    /// <param name="allocate">Makes it.</param>
    internal unsafe Tensor? Find(TensorShape shape, int number, Func<Tensor> allocate)
    {
        if (shape.Rank != 2 || shape[0] < 2 || !((shape[1] == hiddenSize && number is (1 or 2)) || (shape[1] == feedForward && number < 2)))
        {
            return null;
        }

        lock (_tensors)
        {
            if (!_tensors.TryGetValue((shape, number), out Tensor shared))
            {
                _tensors.Add((shape, number), shared = allocate());
            }

            return new Tensor(HostStorage.Borrow(shared.HostPointer, shared.ByteCount, owner: null), 0, shared.Type, shape);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Storage.Dispose();
        }
    }
}
