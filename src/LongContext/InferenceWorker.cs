using LongContext.Communication;
using LongContext.Engine.Ranks;

namespace LongContext;

/// <summary>A rank other than 0 of a session over ranks: it has no requests of its own and computes its share of rank 0's.</summary>
public sealed class InferenceWorker : IDisposable
{
    private readonly RankWorker _worker;
    private readonly IDisposable _files;
    private bool _disposed;

    internal InferenceWorker(RankWorker worker, IDisposable files, ModelInfo model, int rank)
    {
        (_worker, _files, Model, Rank) = (worker, files, model, rank);
    }

    /// <summary>What the model is.</summary>
    public ModelInfo Model { get; }

    /// <summary>This rank.</summary>
    public int Rank { get; }

    /// <summary>Tokens that this rank has cached; between steps.</summary>
    internal long CachedTokens => _worker.CachedTokens;

    /// <summary>Computes until rank 0's session is disposed. Blocks; call it once.</summary>
    /// <exception cref="CommunicatorException">Another rank failed, or is gone.</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _worker.Run();
    }

    /// <summary>Frees the model and leaves the communicator: ranks that still wait for this one fail.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _worker.Dispose();
            _files.Dispose();
        }
    }
}
