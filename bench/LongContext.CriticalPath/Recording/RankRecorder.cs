namespace LongContext.CriticalPath.Recording;

/// <summary>Records one rank. It computes while it has the turn, alone on the machine; it gives the turn away while it waits for others.</summary>
/// <param name="turn">One for all ranks.</param>
/// <param name="clock">Measures computing.</param>
internal sealed class RankRecorder(SemaphoreSlim turn, ComputeClock clock)
{
    private readonly List<RankEvent> _events = [];
    private double _since = clock.Seconds();
    private bool _hasTurn;

    /// <summary>What was recorded. Read it while the rank stands still.</summary>
    internal IReadOnlyList<RankEvent> Events => _events;

    /// <summary>Forgets what a rank computed since its last event: what comes now is measured. Called while the rank is idle.</summary>
    internal void Restart() => _since = clock.Seconds();

    /// <summary>Takes the turn if the rank does not have it: it is about to do something of its own.</summary>
    internal void TakeTurn()
    {
        if (!_hasTurn)
        {
            turn.Wait();
            _hasTurn = true;
            Restart();
        }
    }

    /// <summary>Gives the turn away.</summary>
    internal void LeaveTurn()
    {
        if (_hasTurn)
        {
            _hasTurn = false;
            turn.Release();
        }
    }

    /// <summary>Ends a stretch of computing.</summary>
    internal void EndCompute()
    {
        double seconds = clock.Seconds() - _since;
        if (seconds > 0)
        {
            _events.Add(RankEvent.Compute(seconds));
        }
    }

    /// <summary>Records a start or wait that has just been done; computing goes on.</summary>
    internal void Add(RankEvent happened)
    {
        _events.Add(happened);
        Restart();
    }
}
