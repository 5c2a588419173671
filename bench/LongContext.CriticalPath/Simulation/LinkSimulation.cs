using LongContext.CriticalPath.Recording;
using LongContext.Planning;

namespace LongContext.CriticalPath.Simulation;

/// <summary>Replays what ranks computed, one by one, as if they had computed side by side, each with a link to all others.</summary>
/// <remarks>
/// A message of m bytes begins when both ends have started its operation and sender and receiver have nothing else under way in that direction; it occupies both
/// for m / β and is there α later. Both directions of a link are independent; transfers need no processor; the network between links is never the limit.
/// </remarks>
internal sealed class LinkSimulation
{
    private readonly LinkProfile _link;
    private readonly RankProgress[] _ranks;
    private readonly Dictionary<(OperationKey Key, int From, int To), LinkMessage> _messages = [];
    private readonly PriorityQueue<LinkMessage, (double Ready, int Distance, int From)> _ready = new();
    private readonly LinkMessage?[] _lastSent;
    private readonly LinkMessage?[] _lastReceived;

    private LinkSimulation(IReadOnlyList<IReadOnlyList<RankEvent>> ranks, LinkProfile link)
    {
        _link = link;
        _ranks = [.. ranks.Select(e => new RankProgress(e))];
        (_lastSent, _lastReceived) = (new LinkMessage?[ranks.Count], new LinkMessage?[ranks.Count]);
    }

    /// <summary>Replays until rank 0 is done.</summary>
    /// <param name="ranks">[rank] what it did; all begin at once.</param>
    /// <param name="link">Between any two of them.</param>
    /// <exception cref="InvalidOperationException">A rank waits for what no other rank does.</exception>
    internal static PathReport Run(IReadOnlyList<IReadOnlyList<RankEvent>> ranks, LinkProfile link)
    {
        LinkSimulation simulation = new(ranks, link);
        simulation.Replay();
        return simulation.Report();
    }

    private void Replay()
    {
        while (true)
        {
            // All run until they must wait for messages that have not begun. Whatever they do after that is later than the first of these is ready.
            for (int rank = 0; rank < _ranks.Length; rank++)
            {
                while (!_ranks[rank].IsDone && Step(rank))
                {
                }
            }

            if (!_ready.TryDequeue(out LinkMessage? message, out _))
            {
                break;
            }

            Send(message);
        }

        if (!_ranks[0].IsDone)
        {
            throw new InvalidOperationException($"Rank 0 waits for ever at its event {_ranks[0].Next} of {_ranks[0].Events.Count}: the ranks' recordings do not belong together.");
        }
    }

    /// <summary>The rank's next event; false if it has to wait for a message that has not begun.</summary>
    private bool Step(int rank)
    {
        RankProgress me = _ranks[rank];
        RankEvent next = me.Events[me.Next];
        switch (next.Kind)
        {
            case EventKind.Compute:
                me.Time += next.Seconds;
                me.Compute += next.Seconds;
                break;
            case EventKind.Start:
                Post(rank, me, next.Part!);
                break;
            case EventKind.Wait when !Wait(rank, me, next.Part!):
                return false;
        }

        me.Next++;
        return true;
    }

    private void Post(int rank, RankProgress me, OperationPart part)
    {
        foreach ((int to, long bytes) in part.Sends)
        {
            LinkMessage message = Message(part.Key, rank, to);
            (message.Bytes, message.SenderReady, message.SenderEvent) = (bytes, me.Time, me.Next);
            me.BytesSent += bytes;
            Enqueue(message);
        }

        foreach (int from in part.Receives)
        {
            LinkMessage message = Message(part.Key, from, rank);
            (message.ReceiverReady, message.ReceiverEvent) = (me.Time, me.Next);
            Enqueue(message);
        }
    }

    private bool Wait(int rank, RankProgress me, OperationPart part)
    {
        double end = me.Time;
        foreach ((int to, _) in part.Sends)
        {
            LinkMessage message = Message(part.Key, rank, to);
            if (!Consider(message, message.Sent))
            {
                return false;
            }
        }

        foreach (int from in part.Receives)
        {
            LinkMessage message = Message(part.Key, from, rank);
            if (!Consider(message, message.Arrived))
            {
                return false;
            }
        }

        me.Waited += end - me.Time;
        me.Time = end;
        return true;

        bool Consider(LinkMessage message, double done)
        {
            if (double.IsNaN(message.Begun))
            {
                return false;
            }

            if (done > end)
            {
                (end, me.WaitedFor[me.Next]) = (done, message);
            }

            return true;
        }
    }

    private void Enqueue(LinkMessage message)
    {
        if (message.IsReady)
        {
            int distance = (message.To - message.From + _ranks.Length) % _ranks.Length;
            _ready.Enqueue(message, (message.Ready, distance, message.From));
        }
    }

    private void Send(LinkMessage message)
    {
        message.Begun = message.Ready;
        foreach (LinkMessage? before in (LinkMessage?[])[_lastSent[message.From], _lastReceived[message.To]])
        {
            if (before is not null && before.Sent > message.Begun)
            {
                (message.Begun, message.Behind) = (before.Sent, before);
            }
        }

        message.Sent = message.Begun + (message.Bytes / _link.BytesPerSecond);
        message.Arrived = message.Sent + _link.LatencySeconds;
        (_lastSent[message.From], _lastReceived[message.To]) = (message, message);
    }

    private LinkMessage Message(OperationKey key, int from, int to)
    {
        if (!_messages.TryGetValue((key, from, to), out LinkMessage? message))
        {
            _messages.Add((key, from, to), message = new LinkMessage(key, from, to));
        }

        return message;
    }

    /// <summary>Follows the critical path from rank 0's end back to the beginning.</summary>
    private PathReport Report()
    {
        (double compute, double transfer) = (0, 0);
        (int rank, int at, double time) = (0, _ranks[0].Events.Count - 1, _ranks[0].Time);
        while (at >= 0)
        {
            RankEvent happened = _ranks[rank].Events[at];
            compute += happened.Seconds;
            time -= happened.Seconds;
            if (_ranks[rank].WaitedFor[at] is { } message)
            {
                LinkMessage first = message;
                while (first.Behind is { } before)
                {
                    first = before;
                }

                transfer += time - first.Begun;
                time = first.Begun;
                (rank, at) = first.SenderReady >= first.ReceiverReady ? (first.From, first.SenderEvent) : (first.To, first.ReceiverEvent);
            }

            at--;
        }

        return new PathReport(
            _ranks[0].Time, compute, transfer, [.. _ranks.Select(r => r.Compute)], [.. _ranks.Select(r => r.Waited)], [.. _ranks.Select(r => r.BytesSent)]);
    }
}
