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
    void Run(ScheduledBatch batch, Span<float> logits);

    /// <summary>How long it may be left without a step: <see cref="KeepAlive"/> must be called meanwhile. Infinite unless other ranks wait.</summary>
    TimeSpan IdleLimit => Timeout.InfiniteTimeSpan;

    /// <summary>Tells whoever waits for the next step that there is none yet.</summary>
    void KeepAlive()
    {
    }
}
