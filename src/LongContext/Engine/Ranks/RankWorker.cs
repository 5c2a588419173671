using LongContext.Attention;
using LongContext.Communication;

namespace LongContext.Engine.Ranks;

/// <summary>What every rank but 0 does: waits for a descriptor, does its share, until the session ends.</summary>
internal sealed class RankWorker(ICommunicator communicator, RankShare share) : IDisposable
{
    /// <summary>Tokens that this rank has cached; between steps.</summary>
    internal long CachedTokens => share.CachedTokens;

    /// <summary>Returns when rank 0 ends the session.</summary>
    /// <exception cref="CommunicatorException">Another rank failed, or is gone.</exception>
    internal void Run()
    {
        using StepDescriptor descriptor = new(communicator);
        for (uint step = 1; ; step++)
        {
            switch (descriptor.Receive(step))
            {
                case StepKind.Step:
                    RunStep(descriptor, step);
                    break;
                case StepKind.End:
                    return;
            }
        }
    }

    private void RunStep(StepDescriptor descriptor, uint step)
    {
        try
        {
            share.Run(descriptor, step);
        }
        catch (StepAbandonedException)
        {
            // All ranks have left it; the next descriptor says how to go on.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        communicator.Dispose(); // first: whoever waits for this rank need not wait for memory to be freed
        share.Dispose();
    }
}
