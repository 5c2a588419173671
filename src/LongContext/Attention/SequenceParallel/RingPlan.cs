using LongContext.Backends;

namespace LongContext.Attention.SequenceParallel;

/// <summary>One step's plans for layers of one window: this rank's rows against each rank's block.</summary>
internal sealed class RingPlan : IDisposable
{
    private readonly AttentionPlan[] _plans;
    private readonly bool[] _sees;

    internal RingPlan(IBackend backend, int window, int ranks)
    {
        Window = window;
        _plans = [.. Enumerable.Range(0, ranks).Select(_ => backend.CreatePlan())];
        _sees = new bool[ranks];
    }

    internal int Window { get; }

    /// <summary>The step they were made for.</summary>
    internal uint Step { get; set; }

    /// <summary>Whether any row here sees any key of a rank's block.</summary>
    internal bool Sees(int source) => _sees[source];

    internal AttentionPlan Of(int source) => _plans[source];

    internal void Set(IBackend backend, int source, AttentionBatch batch, bool sees)
    {
        _sees[source] = sees;
        if (sees)
        {
            backend.Plan(_plans[source], batch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AttentionPlan plan in _plans)
        {
            plan.Dispose();
        }
    }
}
