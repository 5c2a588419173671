namespace LongContext;

/// <summary>The session's queue is full; nothing of the request was done. Try again later.</summary>
/// <param name="queuedRequests">Requests waiting.</param>
/// <param name="limit">The limit.</param>
public sealed class SessionOverloadedException(int queuedRequests, int limit)
    : LongContextException(
        $"{queuedRequests} requests are waiting and the limit is {limit}. Retry when one has ended, or raise UseMaxQueuedRequests.")
{
    /// <summary>Requests waiting.</summary>
    public int QueuedRequests { get; } = queuedRequests;
}
