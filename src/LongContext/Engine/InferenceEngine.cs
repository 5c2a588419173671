using LongContext.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LongContext.Engine;

/// <summary>Runs the step loop on a thread of its own, sleeps when there is nothing to compute, and ends everything when disposed.</summary>
/// <remarks>Thread-safe. The thread owns the model runner and disposes it as its last act.</remarks>
internal sealed class InferenceEngine : IAsyncDisposable, IDisposable
{
    /// <summary>Name of the thread.</summary>
    internal const string ThreadName = "LongContext engine";

    private readonly StepLoop _loop;
    private readonly IModelRunner _runner;
    private readonly ILogger _logger;
    private readonly Action? _onStart;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _disposed;

    /// <summary>Starts the thread.</summary>
    /// <param name="loop">What it runs.</param>
    /// <param name="runner">What it disposes at its end.</param>
    /// <param name="logger">Told of its end.</param>
    /// <param name="onStart">Called on the thread before anything else.</param>
    internal InferenceEngine(StepLoop loop, IModelRunner runner, ILogger logger, Action? onStart = null)
    {
        (_loop, _runner, _logger, _onStart) = (loop, runner, logger, onStart);
        _thread = new Thread(Run) { Name = ThreadName, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Hands over a request; throws as <see cref="StepLoop.Submit"/>.</summary>
    internal void Submit(EngineRequest request)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _loop.Submit(request);
        Wake();
    }

    /// <summary>Ends a request as cancelled before the next step, if it still runs then.</summary>
    internal void Cancel(EngineRequest request)
    {
        request.RequestCancellation();
        Wake();
    }

    /// <summary>A consumer has read from a paused request.</summary>
    internal void Wake() => _wake.Set();

    /// <summary>Ends every request after the step that runs now, and waits for the thread (unless it is the thread that asks).</summary>
    public void Dispose()
    {
        Shut();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        Shut();
        if (Thread.CurrentThread != _thread)
        {
            await _ended.Task.ConfigureAwait(false);
        }
    }

    private void Shut()
    {
        _disposed = true;
        _runner.RequestStop();
        Wake();
    }

    private void Run()
    {
        try
        {
            _onStart?.Invoke();
            _loop.KeepAlive(); // other ranks learn which thread they hear from
            while (!_disposed)
            {
                if (!_loop.Step() && !_wake.WaitOne(_runner.IdleLimit))
                {
                    _loop.KeepAlive();
                }
            }

            _loop.Stop(new ObjectDisposedException(StepLoop.OwnerName));
            Log.EngineDisposed(_logger);
        }
        catch (EngineFaultedException)
        {
            // Logged, and told to every request; later ones are refused with it.
        }
        finally
        {
            Release();
            _ended.SetResult();
        }
    }

    private void Release()
    {
        try
        {
            _runner.Dispose();
        }
        catch (Exception e) // nobody is left to tell, and an exception would end the process
        {
            Log.ReleaseFailed(_logger, e);
        }
    }
}
