using System.Diagnostics;

namespace LongContext.Distributed.Mpi;

/// <summary>Control messages of a world: one receive waits for each peer at any time, so each peer's messages come in its order. Knows nothing of what they say.</summary>
internal sealed class MpiPost
{
    private const int ControlTag = 1;

    private readonly MpiApi _api;
    private readonly MpiRequests _requests;
    private readonly nint _communicator;
    private readonly Action<ControlBuffer> _deliver;
    private readonly Stack<ControlBuffer> _pool = [];
    private readonly List<ControlBuffer> _all = [];
    private readonly long[] _heard;
    private readonly bool[] _last;

    internal MpiPost(MpiApi api, MpiRequests requests, nint communicator, int size, Action<ControlBuffer> deliver)
    {
        (_api, _requests, _communicator, _deliver) = (api, requests, communicator, deliver);
        (_heard, _last) = (new long[size], new bool[size]);
    }

    /// <summary>Messages on their way out.</summary>
    internal int Sending { get; private set; }

    /// <summary>When a peer was last heard of; 0: never.</summary>
    internal long Heard(int peer) => Volatile.Read(ref _heard[peer]);

    /// <summary>Expects messages from a peer.</summary>
    internal void Expect(int peer)
    {
        ControlBuffer buffer = Take(peer);
        buffer.IsIncoming = true;
        int slot = _requests.Add(buffer);
        _api.Receive(buffer.Address, ControlBuffer.Bytes, peer, ControlTag, _communicator, _requests.HandleOf(slot));
    }

    /// <summary>The message being delivered is the last one from its peer.</summary>
    internal void ExpectNoMore(int peer) => _last[peer] = true;

    /// <summary>An empty message to fill in.</summary>
    internal ControlBuffer Take(int peer)
    {
        if (!_pool.TryPop(out ControlBuffer? buffer))
        {
            buffer = new ControlBuffer(this);
            _all.Add(buffer);
        }

        buffer.Header = default;
        (buffer.Peer, buffer.IsIncoming) = (peer, false);
        return buffer;
    }

    /// <summary>Sends a message; its memory comes back to the pool by itself.</summary>
    internal void Send(ControlBuffer buffer)
    {
        buffer.Seal();
        int slot = _requests.Add(buffer);
        Sending++;
        _api.Send(buffer.Address, buffer.Header.TotalBytes, buffer.Peer, ControlTag, _communicator, _requests.HandleOf(slot));
    }

    /// <summary>Gives back a message that was delivered.</summary>
    internal void Recycle(ControlBuffer buffer) => _pool.Push(buffer);

    internal void Completed(ControlBuffer buffer, in MpiCompletion completion)
    {
        if (!buffer.IsIncoming)
        {
            Sending--;
            Recycle(buffer);
            return;
        }

        int bytes = completion.Bytes();
        Volatile.Write(ref _heard[buffer.Peer], Stopwatch.GetTimestamp());
        if (!buffer.IsWhole(bytes))
        {
            throw new MpiErrorException("A message", $"{bytes} bytes from rank {buffer.Peer} are no message, or not all of one.", truncated: true);
        }

        int peer = buffer.Peer;
        _deliver(buffer);
        if (!_last[peer])
        {
            Expect(peer);
        }
    }

    /// <summary>Frees all memory, once nothing is in flight.</summary>
    internal void Free() => _all.ForEach(b => b.Free());
}
