namespace LongContext.Backends;

/// <summary>A backend's layout of one step's attention work; made by <see cref="IBackend.CreatePlan"/>, refilled every step.</summary>
public abstract class AttentionPlan : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the plan holds on the device.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
