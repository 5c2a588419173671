namespace LongContext;

/// <summary>What was opened so far while a session is made; disposed in reverse order unless it is handed over.</summary>
internal sealed class OwnedParts : IDisposable
{
    private readonly Stack<IDisposable> _parts = [];

    internal T Add<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }

    /// <summary>Someone else disposes the parts now.</summary>
    internal void HandOver() => _parts.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_parts.TryPop(out IDisposable? part))
        {
            part.Dispose();
        }
    }
}
