using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>One request as the engine sees it: a sequence, and what is done with its logits. Ends exactly once.</summary>
/// <remarks>All members are called on the engine's thread, except <see cref="RequestCancellation"/>.</remarks>
internal abstract class EngineRequest(Sequence sequence)
{
    /// <summary>Its tokens and pages.</summary>
    internal Sequence Sequence { get; } = sequence;

    /// <summary>True once it ended, in whatever way.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>True when it shall end as cancelled before the next step.</summary>
    internal bool IsCancellationRequested => Sequence.IsCancellationRequested;

    /// <summary>False while its consumer is behind: the sequence is left out of steps.</summary>
    internal virtual bool ConsumerKeepsUp => true;

    /// <summary>Asks for cancellation; takes effect before the next step, in a long step over ranks before the next layer. Thread-safe.</summary>
    internal void RequestCancellation() => Sequence.RequestCancellation();

    /// <summary>Told after each of its chunks, with the clock's timestamp of the step's start.</summary>
    internal virtual void OnComputed(in ScheduledChunk chunk, long stepStarted)
    {
    }

    /// <summary>Takes the logits of one position; may append the token it samples to the sequence.</summary>
    /// <param name="logits">[vocabulary]; may be overwritten.</param>
    /// <returns>True when the request is finished.</returns>
    internal abstract bool Accept(Span<float> logits);

    /// <summary>Ends the request.</summary>
    /// <param name="error">Null when it finished by itself.</param>
    internal void End(Exception? error)
    {
        if (HasEnded)
        {
            throw new InvalidOperationException("A request ended twice.");
        }

        HasEnded = true;
        OnEnded(error);
    }

    /// <summary>Tells the consumer.</summary>
    protected abstract void OnEnded(Exception? error);
}
