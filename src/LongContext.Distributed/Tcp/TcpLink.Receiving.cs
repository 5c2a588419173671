using System.Diagnostics;
using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Receiving: one frame after the other, payload straight to where the operation wants it.</summary>
internal sealed unsafe partial class TcpLink
{
    private readonly object _receiveGate = new();
    private readonly byte[] _header = new byte[FrameHeader.Bytes];
    private byte[] _body = new byte[8192];
    private uint _expectedFrame;
    private bool _inside; // a frame has begun
    private bool _ended;  // the connection has
    private SocketError _error;

    private void Receive()
    {
        while (!_ended && ReceiveFrame())
        {
        }

        if (_ended)
        {
            _mesh.OnEnded(this, _inside, _error);
        }

        // After bytes that make no sense, or the end: read to the end, so that the other rank gets this one's last word.
        while (!_ended)
        {
            _inside = Fill(_body, FrameHeader.Bytes);
        }

        if (_error != SocketError.Success)
        {
            lock (_sendGate)
            {
                Break(); // at a mere end the other rank may still read
            }
        }

        EndThread();
    }

    /// <returns>False if the bytes make no sense; that is a fault then.</returns>
    private bool ReceiveFrame()
    {
        _inside = false;
        if (!Fill(_header, FrameHeader.Bytes))
        {
            return true;
        }

        _inside = true;
        Volatile.Write(ref _lastHeard, Stopwatch.GetTimestamp());
        if (FrameHeader.Read(_header, out string problem) is not { } header)
        {
            return Reject(problem);
        }

        if (header.Frame != _expectedFrame && header.Kind != FrameKind.Fault) // before a fault's frame some may have been dropped
        {
            return Reject($"frame {header.Frame} came where frame {_expectedFrame} was due");
        }

        _expectedFrame++;
        int sum = _mesh.Checksums && header.Length > 0 ? sizeof(uint) : 0;
        int length = header.Length - sum;
        if (header.Kind == FrameKind.Payload)
        {
            return length > 0 && length <= MostPieceBytes ? ReceivePayload(header, length, sum) : Reject($"a piece of payload has {header.Length} bytes");
        }

        int most = header.Kind switch
        {
            FrameKind.Announcement => Announcement.MostBytes(_mesh.Size),
            FrameKind.Close or FrameKind.Waiting => 0,
            FrameKind.Fault => FaultFrame.MostBytes,
            _ => -1,
        };
        if (length < 0 || length > most)
        {
            return Reject($"a frame of kind {(byte)header.Kind} has {header.Length} bytes");
        }

        return ReceiveSmall(header, length, sum);
    }

    private bool ReceiveSmall(in FrameHeader header, int length, int sum)
    {
        _body = _body.Length >= length + sum ? _body : new byte[length + sum];
        if (!Fill(_body, length + sum))
        {
            return true;
        }

        ReadOnlySpan<byte> body = _body.AsSpan(sum, length);
        if (sum > 0 && !SameSum(BitConverter.ToUInt32(_body), Crc32C.Of(body), out string problem))
        {
            return Reject(problem);
        }

        _mesh.OnFrame(this, header, body);
        return true;
    }

    private bool ReceivePayload(in FrameHeader header, int length, int sum)
    {
        if (!Fill(_body, sum))
        {
            return true;
        }

        if (!_mesh.TryExpect(this, header, length, out TcpOperation? operation, out nint address, out string problem))
        {
            return Reject(problem);
        }

        uint crc = uint.MaxValue;
        for (int done = 0; done < length;)
        {
            int count = operation is null || _mesh.IsFaulted
                ? ReceiveOnce(_body, Math.Min(_body.Length, length - done))
                : ReceiveInto((byte*)address + done, length - done, sum > 0, ref crc);
            if (_ended)
            {
                return true;
            }

            done += count;
        }

        if (operation is not null && !_mesh.IsFaulted)
        {
            if (sum > 0 && !SameSum(BitConverter.ToUInt32(_body), ~crc, out problem))
            {
                return Reject(problem);
            }

            _mesh.OnReceived(this, operation, length);
        }

        return true;
    }

    /// <summary>Receives into the caller's memory unless there is a fault.</summary>
    private int ReceiveInto(byte* to, int most, bool isSummed, ref uint crc)
    {
        int count;
        lock (_receiveGate)
        {
            if (_mesh.IsFaulted)
            {
                return 0;
            }

            Span<byte> target = new(to, most);
            count = TryReceive(target);
            crc = isSummed && count > 0 ? Crc32C.Append(crc, target[..count]) : crc;
        }

        WaitForMore(count);
        return count;
    }

    /// <returns>False if the connection ended first.</returns>
    private bool Fill(byte[] to, int count)
    {
        for (int done = 0; done < count && !_ended;)
        {
            int received = TryReceive(to.AsSpan(done, count - done));
            WaitForMore(received);
            done += received;
            _inside |= received > 0;
        }

        return !_ended;
    }

    private int ReceiveOnce(byte[] to, int most)
    {
        int count = TryReceive(to.AsSpan(0, most));
        WaitForMore(count);
        return count;
    }

    private int TryReceive(Span<byte> to)
    {
        int count = _socket.Receive(to, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
        {
            return 0;
        }

        if (count == 0 || error != SocketError.Success)
        {
            (_ended, _error) = (true, error);
            return 0;
        }

        return count;
    }

    private void WaitForMore(int received)
    {
        if (received > 0 || _ended)
        {
            return;
        }

        long finishing = Volatile.Read(ref _finishing);
        if (finishing != 0 && Stopwatch.GetElapsedTime(finishing) > Linger)
        {
            (_ended, _error) = (true, SocketError.TimedOut);
            return;
        }

        _socket.Poll(LookAround, SelectMode.SelectRead);
    }

    private static bool SameSum(uint said, uint actual, out string problem)
    {
        problem = said == actual ? "" : $"a frame's body has checksum 0x{actual:X8} and says 0x{said:X8}";
        return said == actual;
    }

    private bool Reject(string problem)
    {
        _mesh.OnCorrupted(this, problem);
        return false;
    }
}
