using System.Net;
using System.Net.Sockets;
using LongContext.Communication;
using LongContext.Distributed.Tcp;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Rank 1 of 2 that starts as it should and then sends what a test wants: rank 0 is a real one.</summary>
internal sealed class FakeRank : IDisposable
{
    internal static readonly CommTag Tag = new(3, 2, CommPhase.Check, 1);
    private static StartDeadline Patience => new(TimeSpan.FromMinutes(5)); // of each exchange, whenever it begins

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    internal FakeRank(TcpOptions options)
    {
        _socket.Connect(IPAddress.Loopback, options.Port);
        if (TcpHandshake.Connect(_socket, TcpHandshake.KeyOf(options.Secret), 1, 2, Patience, out _) != (0, 2))
        {
            throw new InvalidOperationException("Rank 0 does not answer.");
        }

        BlockingStream.TryWriteFrame(_socket, FrameKind.Hello, RankHello.Encode(options, new RankAddress(IPAddress.Loopback, 1, "fake")), Patience);
        BlockingStream.ReadFrame(_socket, 4096, Patience);
    }

    /// <summary>A frame that is right in all but what the test changes.</summary>
    internal static byte[] Frame(FrameHeader header, params byte[] body)
    {
        byte[] frame = new byte[FrameHeader.Bytes + body.Length];
        (header.Length == 0 ? header with { Length = body.Length } : header).Write(frame);
        body.CopyTo(frame, FrameHeader.Bytes);
        return frame;
    }

    /// <summary>The announcement of a barrier as operation <paramref name="sequence"/>.</summary>
    internal static byte[] Barrier(uint sequence, uint frame, uint communicator = 0, byte[]? body = null)
    {
        byte[] bytes = body ?? BarrierBody();
        return Frame(new FrameHeader(FrameKind.Announcement, CommVerb.Barrier, communicator, sequence, frame, Tag, bytes.Length), bytes);
    }

    internal static byte[] BarrierBody()
    {
        Announcement barrier = new() { Verb = CommVerb.Barrier, Tag = Tag, To = -1, From = -1 };
        byte[] body = new byte[barrier.Bytes];
        barrier.Write(body, 0);
        return body;
    }

    internal void Send(byte[] bytes) => BlockingStream.TryWrite(_socket, bytes, Patience);

    internal void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Reads until rank 0 has said its last word.</summary>
    /// <returns>The fault that it told, if it did.</returns>
    internal CommunicatorFault? ReadToTheEnd()
    {
        while (BlockingStream.ReadFrame(_socket, 1 << 20, Patience) is { } frame)
        {
            if (frame.Kind == FrameKind.Fault)
            {
                return FaultFrame.Decode(frame.Body);
            }
        }

        return null;
    }

    public void Dispose() => _socket.Dispose();
}
