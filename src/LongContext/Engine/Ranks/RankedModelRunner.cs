using LongContext.Attention;
using LongContext.Communication;
using LongContext.Scheduling;

namespace LongContext.Engine.Ranks;

/// <summary>Rank 0's model runner: tells the other ranks what the scheduler decided, does its own share, and makes the logits.</summary>
/// <remarks>What is told: a sequence's new token ids once, released sequences before anything is allocated. Owns its share and the communicator.</remarks>
internal sealed class RankedModelRunner : IModelRunner
{
    private readonly ICommunicator _communicator;
    private readonly RankShare _share;
    private readonly RankTeam? _team;
    private readonly IDisposable _files;
    private readonly StepDescriptor _descriptor;
    private readonly Dictionary<Sequence, int> _told = []; // token ids that the ranks know
    private readonly List<Sequence> _released = [];
    private readonly List<Sequence> _computed = [];
    private uint _step;
    private bool _inStep;
    private volatile bool _stopping;

    /// <param name="communicator">Rank 0's; disposed with the runner.</param>
    /// <param name="share">Rank 0's share; disposed with the runner.</param>
    /// <param name="team">The other ranks if they are threads of this process; waited for when the runner is disposed.</param>
    /// <param name="files">Disposed last.</param>
    internal RankedModelRunner(ICommunicator communicator, RankShare share, RankTeam? team, IDisposable files)
    {
        (_communicator, _share, _team, _files) = (communicator, share, team, files);
        _descriptor = new StepDescriptor(communicator);
        share.ShouldAbandon = () => _stopping || _computed.Exists(s => s.IsCancellationRequested);
    }

    /// <inheritdoc/>
    public int VocabularySize => _share.Model.Config.VocabularySize;

    /// <inheritdoc/>
    public TimeSpan IdleLimit => _communicator.Size > 1 ? _communicator.OperationDeadline / 3 : Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public void Run(ScheduledBatch batch, Span<float> logits)
    {
        _inStep = true; // until it ends well, the others cannot be told anything
        Write(batch);
        Tell(StepKind.Step);
        try
        {
            ReadOnlySpan<float> hidden = _share.Run(_descriptor, _step);
            if (!hidden.IsEmpty)
            {
                _share.Model.ComputeLogits(hidden, logits);
            }
        }
        catch (CommunicatorException e) when (_team?.WaitForFailure() is { } cause)
        {
            throw new CommunicatorException(e.Fault, cause);
        }
        catch (StepAbandonedException)
        {
            _inStep = false; // all ranks have left it
            throw;
        }

        _inStep = false;
    }

    /// <inheritdoc/>
    public void RequestStop() => _stopping = true;

    /// <inheritdoc/>
    public void KeepAlive()
    {
        _inStep = true;
        Tell(StepKind.KeepAlive);
        _inStep = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            if (!_inStep && _communicator.State == CommunicatorState.Open)
            {
                Tell(StepKind.End);
            }
        }
        catch (CommunicatorException)
        {
            // The others are gone already: they have nothing to be told.
        }
        finally
        {
            _communicator.Dispose(); // whoever still waits for this rank is told that it is gone
            _team?.Dispose();
            _descriptor.Dispose();
            _share.Dispose();
            _files.Dispose();
        }
    }

    private void Tell(StepKind kind)
    {
        _step++;
        try
        {
            _descriptor.Send(kind, _step);
        }
        catch (CommunicatorException e) when (_team?.WaitForFailure() is { } cause)
        {
            throw new CommunicatorException(e.Fault, cause);
        }
    }

    private void Write(ScheduledBatch batch)
    {
        _descriptor.Clear();
        WriteReleased();
        _descriptor.Write(batch.Chunks.Length);
        _computed.Clear();
        foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
        {
            Sequence sequence = chunk.Sequence;
            int told = chunk.Start == 0 ? 0 : _told[sequence];
            _descriptor.Write(sequence.Arrival);
            _descriptor.Write(chunk.Start);
            _descriptor.Write(chunk.Count);
            _descriptor.Write(chunk.OutputCount);
            _descriptor.Write(sequence.ContextLength);
            _descriptor.Write(sequence.PromptLength);
            _descriptor.Write(sequence.Length - told);
            _descriptor.Write(sequence.Tokens[told..]);
            _told[sequence] = sequence.Length;
            _computed.Add(sequence);
        }
    }

    /// <summary>Sequences that ended, or lost their pages, since the last step.</summary>
    private void WriteReleased()
    {
        _released.Clear();
        foreach (Sequence sequence in _told.Keys)
        {
            if (sequence.State != SequenceState.Running)
            {
                _released.Add(sequence);
            }
        }

        _descriptor.Write(_released.Count);
        foreach (Sequence sequence in _released)
        {
            _told.Remove(sequence);
            _descriptor.Write(sequence.Arrival);
        }
    }
}
