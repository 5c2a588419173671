using LongContext.Attention;
using LongContext.Diagnostics;
using LongContext.KVCache;
using LongContext.Scheduling;
using Microsoft.Extensions.Logging;

namespace LongContext.Engine;

/// <summary>The engine's step: take submissions and cancellations, schedule, run the model, give each request its logits.</summary>
/// <remarks>
/// Knows no thread: <see cref="Step"/> is called by one at a time, <see cref="Submit"/> by any. A request that throws fails alone; an
/// exception of the model or the bookkeeping stops everything.
/// </remarks>
internal sealed class StepLoop
{
    /// <summary>What users dispose, for messages.</summary>
    internal const string OwnerName = "InferenceSession";

    private readonly Lock _gate = new();
    private readonly List<EngineRequest> _submitted = []; // guarded by _gate
    private Exception? _stopped;                          // guarded by _gate
    private int _unfinished;                              // guarded by _gate

    private readonly IModelRunner _runner;
    private readonly Scheduler _scheduler;
    private readonly SchedulerLimits _limits;
    private readonly int _maxQueued;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly List<EngineRequest> _requests = [];
    private readonly Dictionary<Sequence, EngineRequest> _requestOf = [];
    private readonly ScheduledBatch _batch = new();
    private readonly float[] _logits;
    private long _preemptionsSeen;

    /// <summary>A loop without requests.</summary>
    internal StepLoop(
        IModelRunner runner, PagedKVCache cache, SchedulerLimits limits, int maxQueuedRequests, TimeProvider clock, ILogger logger)
    {
        (_runner, _limits, _maxQueued, _clock, _logger) = (runner, limits, maxQueuedRequests, clock, logger);
        _scheduler = new Scheduler(cache, limits);
        _logits = new float[checked(limits.MaxOutputs * runner.VocabularySize)];
    }

    /// <summary>Sequences and their pages; for tests and diagnostics on the engine's thread.</summary>
    internal Scheduler Scheduler => _scheduler;

    /// <summary>Steps that computed something.</summary>
    internal long Steps { get; private set; }

    /// <summary>Hands over a request. Thread-safe.</summary>
    /// <exception cref="KVCacheCapacityException">It could never run.</exception>
    /// <exception cref="SessionOverloadedException">Too many are waiting.</exception>
    /// <exception cref="EngineFaultedException">The engine stopped before.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    internal void Submit(EngineRequest request)
    {
        _scheduler.ThrowIfNeverFits(request.Sequence);
        lock (_gate)
        {
            if (_stopped is not null)
            {
                throw Terminal(_stopped);
            }

            if (_unfinished >= _limits.MaxSequences + (long)_maxQueued)
            {
                throw new SessionOverloadedException(_unfinished - _limits.MaxSequences, _maxQueued);
            }

            _unfinished++;
            _submitted.Add(request);
        }

        Log.RequestSubmitted(_logger, request.Sequence.Arrival, request.Sequence.PromptLength);
    }

    /// <summary>Does one step.</summary>
    /// <returns>False when there was nothing to compute: wait for a submission, a cancellation or a reader.</returns>
    /// <exception cref="EngineFaultedException">The model or the bookkeeping failed; <see cref="Stop"/> has ended every request.</exception>
    internal bool Step()
    {
        try
        {
            TakeSubmissions();
            LookAtConsumers();
            if (!_scheduler.Schedule(_batch))
            {
                return false;
            }

            long started = _clock.GetTimestamp();
            Span<float> logits = _logits.AsSpan(0, _batch.OutputRows.Length * _runner.VocabularySize);
            _runner.Run(_batch, logits);
            Distribute(logits, started);
            Steps++;
            Telemetry.StepDuration.Record(_clock.GetElapsedTime(started).TotalSeconds);
            return true;
        }
        catch (StepAbandonedException)
        {
            return true; // its chunks were not completed: the next step looks at who is left
        }
        catch (Exception e)
        {
            throw Fault(e);
        }
    }

    /// <summary>Tells the runner that it is not forgotten, while there is nothing to compute.</summary>
    /// <exception cref="EngineFaultedException">As for <see cref="Step"/>.</exception>
    internal void KeepAlive()
    {
        try
        {
            _runner.KeepAlive();
        }
        catch (Exception e)
        {
            throw Fault(e);
        }
    }

    /// <summary>Ends every request with <paramref name="reason"/> and refuses new ones with it.</summary>
    internal void Stop(Exception reason)
    {
        lock (_gate)
        {
            _stopped ??= reason;
            foreach (EngineRequest request in _submitted)
            {
                _requests.Add(request);
            }

            _submitted.Clear();
            _unfinished = 0;
        }

        foreach (EngineRequest request in _requests)
        {
            if (!request.HasEnded)
            {
                request.End(Terminal(reason));
            }
        }

        _requests.Clear();
        _requestOf.Clear();
    }

    private static Exception Terminal(Exception reason) => reason switch // a fresh one for each request: throwing writes to it
    {
        EngineFaultedException fault => new EngineFaultedException(fault.InnerException?.Message ?? fault.Message, fault.InnerException),
        _ => new ObjectDisposedException(OwnerName),
    };

    private EngineFaultedException Fault(Exception cause)
    {
        Log.EngineFaulted(_logger, cause, _requests.Count);
        EngineFaultedException fault = new(cause.Message, cause);
        Stop(fault);
        return fault;
    }

    private void TakeSubmissions()
    {
        lock (_gate)
        {
            foreach (EngineRequest request in _submitted)
            {
                _scheduler.Add(request.Sequence);
                _requests.Add(request);
                _requestOf.Add(request.Sequence, request);
            }

            _submitted.Clear();
        }
    }

    private void LookAtConsumers()
    {
        for (int i = _requests.Count - 1; i >= 0; i--)
        {
            EngineRequest request = _requests[i];
            if (request.IsCancellationRequested)
            {
                Finish(request, new OperationCanceledException());
            }
            else
            {
                request.Sequence.IsPaused = !request.ConsumerKeepsUp;
            }
        }
    }

    private void Distribute(Span<float> logits, long started)
    {
        int row = 0;
        long computedPromptTokens = 0;
        foreach (ref readonly ScheduledChunk chunk in _batch.Chunks)
        {
            _scheduler.Complete(chunk);
            computedPromptTokens += chunk.Start < chunk.Sequence.PromptLength ? chunk.Count : 0;
            Span<float> own = logits.Slice(row * _runner.VocabularySize, chunk.OutputCount * _runner.VocabularySize);
            row += chunk.OutputCount;
            Deliver(_requestOf[chunk.Sequence], chunk, own, started);
        }

        Telemetry.PromptTokens.Add(computedPromptTokens);
        Telemetry.Preemptions.Add(_scheduler.Preemptions - _preemptionsSeen);
        _preemptionsSeen = _scheduler.Preemptions;
    }

    private void Deliver(EngineRequest request, in ScheduledChunk chunk, Span<float> logits, long started)
    {
        bool finished = false;
        Exception? error = null;
        try
        {
            if (chunk.Start < chunk.Sequence.PromptLength)
            {
                request.OnComputed(chunk, started);
            }

            for (int i = 0; i < chunk.OutputCount && !finished; i++)
            {
                finished = request.Accept(logits.Slice(i * _runner.VocabularySize, _runner.VocabularySize));
            }
        }
        catch (Exception e) // of one request's sampler, decoder or callback: the others must not suffer
        {
            Log.RequestFailed(_logger, e, request.Sequence.Arrival);
            error = e;
        }

        if (finished || error is not null)
        {
            Finish(request, error);
        }
    }

    private void Finish(EngineRequest request, Exception? error)
    {
        _scheduler.Remove(request.Sequence);
        _requests.Remove(request);
        _requestOf.Remove(request.Sequence);
        lock (_gate)
        {
            _unfinished--;
        }

        request.End(error); // before anything that is told of it: a listener that throws stops the engine, but nobody waits for ever
        string outcome = error is null ? "finished" : error is OperationCanceledException ? "cancelled" : "failed";
        Telemetry.Requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        Telemetry.NewTokens.Add(request.Sequence.Length - request.Sequence.PromptLength);
        Log.RequestEnded(_logger, request.Sequence.Arrival, outcome);
    }
}
