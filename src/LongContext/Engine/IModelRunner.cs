using LongContext.Scheduling;

namespace LongContext.Engine;

/// <summary>Computes one step. The real one runs the model; the tests' one is a hash that reads its history back through the pages.</summary>
internal interface IModelRunner : IDisposable
{
    /// <summary>Logits of a row.</summary>
    int VocabularySize { get; }

    /// <summary>Writes the batch's keys and values to their pages and computes the wanted rows' logits.</summary>
    /// <param name="batch">The scheduler's decision; its sequences' pages are allocated.</param>
    /// <param name="logits">[outputs, vocabulary], row-major.</param>
    /// <exception cref="Attention.StepAbandonedException">A request of the batch was cancelled, or <see cref="RequestStop"/> called: nothing was computed.</exception>
    void Run(ScheduledBatch batch, Span<float> logits);

    /// <summary>Leave the step that runs, if it is long, and if that can be. Thread-safe.</summary>
    void RequestStop()
    {
    }

    /// <summary>How long it may be left without a step: <see cref="KeepAlive"/> must be called meanwhile. Infinite unless other ranks wait.</summary>
    TimeSpan IdleLimit => Timeout.InfiniteTimeSpan;

    /// <summary>Tells whoever waits for the next step that there is none yet.</summary>
    void KeepAlive()
    {
    }
}
