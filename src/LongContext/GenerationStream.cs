using System.Diagnostics;
using LongContext.Diagnostics;
using LongContext.Engine;

namespace LongContext;

/// <summary>One generation as an asynchronous sequence: submitted when enumeration starts, cancelled when it ends early.</summary>
/// <remarks>Every enumeration is a request of its own.</remarks>
internal sealed class GenerationStream(
    InferenceEngine engine, Func<CancellationToken, GenerationRequest> create, CancellationToken cancellationToken)
    : IAsyncEnumerable<GenerationUpdate>
{
    /// <inheritdoc/>
    public async IAsyncEnumerator<GenerationUpdate> GetAsyncEnumerator(CancellationToken enumeratorToken = default)
    {
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enumeratorToken);
        CancellationToken token = linked.Token;
        using Activity? activity = Telemetry.Activities.StartActivity("longcontext.generate");
        GenerationRequest request = Create(token, enumeratorToken);
        activity?.SetTag("longcontext.prompt_tokens", request.Sequence.PromptLength);

        // The engine hears of it even while the consumer is elsewhere and does not ask for the next update.
        using CancellationTokenRegistration registration = token.UnsafeRegister(_ => engine.Cancel(request), null);
        engine.Submit(request);
        try
        {
            while (await WaitAsync(request, token, enumeratorToken).ConfigureAwait(false))
            {
                while (request.Updates.TryRead(out GenerationUpdate? update))
                {
                    if (request.IsPaused)
                    {
                        engine.Wake();
                    }

                    activity?.SetTag("longcontext.finish_reason", update.FinishReason?.ToString());
                    yield return update;
                }
            }
        }
        finally
        {
            engine.Cancel(request); // does nothing if it has ended
        }
    }

    private GenerationRequest Create(CancellationToken token, CancellationToken enumeratorToken)
    {
        try
        {
            return create(token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(Cancelled(enumeratorToken));
        }
    }

    private async ValueTask<bool> WaitAsync(GenerationRequest request, CancellationToken token, CancellationToken enumeratorToken)
    {
        try
        {
            return await request.Updates.WaitToReadAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(Cancelled(enumeratorToken));
        }
    }

    // The caller's own token, which it compares with, not the one that links two.
    private CancellationToken Cancelled(CancellationToken enumeratorToken) =>
        cancellationToken.IsCancellationRequested ? cancellationToken : enumeratorToken;
}
