using System.Net.Sockets;

namespace LongContext.Distributed.Tcp;

/// <summary>Exact reads and writes at the start, each against a deadline.</summary>
internal static class BlockingStream
{
    /// <returns>False if the connection ended or the time passed.</returns>
    internal static bool TryRead(Socket socket, Span<byte> to, StartDeadline deadline)
    {
        while (to.Length > 0)
        {
            if (deadline.HasPassed)
            {
                return false;
            }

            socket.ReceiveTimeout = Math.Max(1, (int)deadline.Left.TotalMilliseconds);
            int count = socket.Receive(to, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success || count == 0)
            {
                return false;
            }

            to = to[count..];
        }

        return true;
    }

    /// <returns>False if the connection ended or the time passed.</returns>
    internal static bool TryWrite(Socket socket, ReadOnlySpan<byte> from, StartDeadline deadline)
    {
        while (from.Length > 0)
        {
            if (deadline.HasPassed)
            {
                return false;
            }

            socket.SendTimeout = Math.Max(1, (int)deadline.Left.TotalMilliseconds);
            int count = socket.Send(from, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
            {
                return false;
            }

            from = from[count..];
        }

        return true;
    }

    /// <summary>Sends a frame of the start.</summary>
    internal static bool TryWriteFrame(Socket socket, FrameKind kind, ReadOnlySpan<byte> body, StartDeadline deadline)
    {
        byte[] frame = new byte[FrameHeader.Bytes + body.Length];
        new FrameHeader(kind, default, 0, 0, 0, default, body.Length).Write(frame);
        body.CopyTo(frame.AsSpan(FrameHeader.Bytes));
        return TryWrite(socket, frame, deadline);
    }

    /// <summary>Receives a frame of the start, of <paramref name="most"/> bytes at most.</summary>
    /// <returns>Null if the connection ended, the time passed, or the bytes are no such frame.</returns>
    internal static (FrameKind Kind, byte[] Body)? ReadFrame(Socket socket, int most, StartDeadline deadline)
    {
        Span<byte> header = stackalloc byte[FrameHeader.Bytes];
        if (!TryRead(socket, header, deadline) || FrameHeader.Read(header, out _) is not { } read || read.Length < 0 || read.Length > most)
        {
            return null;
        }

        byte[] body = new byte[read.Length];
        return TryRead(socket, body, deadline) ? (read.Kind, body) : null;
    }
}
