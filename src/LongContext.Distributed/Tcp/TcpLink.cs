using System.Diagnostics;
using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>The connection to one other rank: a thread that receives, and one that sends what does not go at once.</summary>
/// <remarks>
/// Knows frames and memory, nothing of operations. The socket never blocks, so a lock is held for one system call at most; the caller's
/// memory is touched under these locks only, and never once there is a fault and <see cref="Quiesce"/> has returned.
/// </remarks>
internal sealed partial class TcpLink
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAround = TimeSpan.FromMilliseconds(250);

    private readonly TcpMesh _mesh;
    private readonly Socket _socket;
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private int _threads = 2;
    private long _lastHeard = Stopwatch.GetTimestamp();
    private long _finishing; // when this rank said its last word; 0 before

    internal TcpLink(TcpMesh mesh, int peer, Socket socket)
    {
        (_mesh, Peer, _socket) = (mesh, peer, socket);
        socket.NoDelay = true;
        socket.Blocking = false;
        _sender = NewThread(Send, "sends to");
        _receiver = NewThread(Receive, "receives from");
    }

    /// <summary>The other rank, in the world.</summary>
    internal int Peer { get; }

    /// <summary>How long the other rank has been silent.</summary>
    internal TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastHeard));

    internal void Start()
    {
        _sender.Start();
        _receiver.Start();
    }

    /// <summary>Returns once no thread of the link touches the caller's memory any more. Call after a fault, without the mesh's lock.</summary>
    internal void Quiesce()
    {
        lock (_receiveGate)
        {
            // Whoever was inside a receive is out, and will see the fault before the next.
        }

        long start = Stopwatch.GetTimestamp();
        lock (_sendGate)
        {
            // A piece that has begun must be sent whole, or the fault's frame cannot follow it: for a moment only.
            while (_pieceLeft > 0 && !_broken && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1))
            {
                Monitor.Wait(_sendGate, 20);
            }

            if (_pieceLeft > 0)
            {
                Break();
            }
        }
    }

    /// <summary>Waits until the other rank has said its last word too.</summary>
    internal void WaitUntilEnded(TimeSpan most) => _receiver.Join(most);

    private Thread NewThread(ThreadStart body, string what) => new(body, maxStackSize: 256 * 1024)
    {
        IsBackground = true,
        Name = $"rank {_mesh.Rank} {what} rank {Peer}",
    };

    /// <summary>Nothing is sent or received any more. Under the send lock.</summary>
    private void Break()
    {
        if (_broken)
        {
            return;
        }

        (_broken, _pieceLeft, _pieceOpen) = (true, 0, false);
        try
        {
            _socket.Shutdown(SocketShutdown.Both); // wakes the threads
        }
        catch (SocketException)
        {
            // The other end has cut the connection already.
        }

        Monitor.PulseAll(_sendGate);
    }

    /// <summary>The last of the two threads closes the socket.</summary>
    private void EndThread()
    {
        if (Interlocked.Decrement(ref _threads) == 0)
        {
            _socket.Dispose();
        }
    }
}
