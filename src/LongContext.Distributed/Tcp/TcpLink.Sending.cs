using System.Diagnostics;
using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Sending: small frames from a queue, then pieces of payload from the caller's memory.</summary>
internal sealed unsafe partial class TcpLink
{
    private const int MostPieceBytes = 256 * 1024; // how long a small frame may wait behind a large message

    private readonly object _sendGate = new();
    private readonly Queue<(TcpOperation Operation, nint Address, long Count)> _payloads = new();
    private ByteQueue _wire = new();    // goes next, whatever happens
    private ByteQueue _waiting = new(); // small frames that follow it
    private (TcpOperation Operation, nint Address, long Count) _payload; // being sent; Count is what is left
    private nint _pieceAddress;
    private int _pieceLeft;
    private bool _pieceOpen;
    private bool _broken;
    private bool _sent; // everything, the end included
    private uint _nextFrame;

    /// <summary>Queues a frame; <see cref="Push"/> sends it.</summary>
    internal void Queue(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        lock (_sendGate)
        {
            if (_finishing == 0)
            {
                Write(_waiting, header, body);
            }
        }
    }

    /// <summary>Queues payload; it is sent by the link's thread, and <see cref="TcpMesh.OnSent"/> hears of it.</summary>
    internal void QueuePayload(TcpOperation operation, in CommRegion region)
    {
        lock (_sendGate)
        {
            _payloads.Enqueue((operation, region.Address, region.ByteCount));
            Monitor.PulseAll(_sendGate);
        }
    }

    /// <summary>Sends small frames on the calling thread as far as the socket takes them at once; the link's thread does the rest.</summary>
    internal void Push()
    {
        lock (_sendGate)
        {
            while (!_broken && !_pieceOpen && TakeSmall())
            {
                if (!TrySendWire())
                {
                    Monitor.PulseAll(_sendGate);
                    return;
                }
            }
        }
    }

    /// <summary>A fault's frame is the last word: whatever has not been begun is dropped.</summary>
    internal void FinishWith(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        lock (_sendGate)
        {
            if (_finishing == 0)
            {
                _waiting.Clear();
                _payloads.Clear();
                _payload = _pieceOpen // its header is out already: the piece is sent to its end, and nothing after it
                    ? (_payload.Operation, _payload.Address, _pieceAddress + _pieceLeft - _payload.Address)
                    : default;
                Write(_waiting, header, body);
                _finishing = Stopwatch.GetTimestamp();
                Monitor.PulseAll(_sendGate);
            }
        }
    }

    /// <summary>What is queued is the last word.</summary>
    internal void Finish()
    {
        lock (_sendGate)
        {
            _finishing = _finishing == 0 ? Stopwatch.GetTimestamp() : _finishing;
            Monitor.PulseAll(_sendGate);
        }
    }

    /// <summary>Waits until the last word is sent, for <paramref name="most"/> at most; what does not go by then is dropped.</summary>
    internal void WaitUntilSent(TimeSpan most)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_sendGate)
        {
            while (!_sent && most - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_sendGate, left);
            }

            if (!_sent)
            {
                Break();
            }
        }
    }

    private void Write(ByteQueue queue, FrameHeader header, ReadOnlySpan<byte> body)
    {
        int sum = _mesh.Checksums && body.Length > 0 ? sizeof(uint) : 0;
        Span<byte> frame = queue.Add(FrameHeader.Bytes + sum + body.Length);
        (header with { Frame = _nextFrame++, Length = sum + body.Length }).Write(frame);
        if (sum > 0)
        {
            BitConverter.TryWriteBytes(frame[FrameHeader.Bytes..], Crc32C.Of(body));
        }

        body.CopyTo(frame[(FrameHeader.Bytes + sum)..]);
    }

    private void Send()
    {
        while (true)
        {
            TcpOperation? finished = null;
            bool isFull = false;
            lock (_sendGate)
            {
                if (_broken)
                {
                    break;
                }

                if (TakeSmall() || (_pieceLeft == 0 && TakePiece()))
                {
                    isFull = !TrySendWire();
                }
                else if (_pieceLeft > 0)
                {
                    isFull = !TrySendPiece(out finished);
                }
                else if (_finishing != 0)
                {
                    break;
                }
                else
                {
                    Monitor.Wait(_sendGate);
                }
            }

            if (finished is not null)
            {
                _mesh.OnSent(this, finished);
            }
            else if (isFull)
            {
                _socket.Poll(LookAround, SelectMode.SelectWrite);
            }
        }

        EndSending();
    }

    /// <summary>Whether small frames are to be sent now: never inside a piece of payload.</summary>
    private bool TakeSmall()
    {
        if (_wire.IsEmpty && !_pieceOpen && !_waiting.IsEmpty)
        {
            (_wire, _waiting) = (_waiting, _wire);
        }

        return !_wire.IsEmpty;
    }

    /// <summary>Begins the next piece: its header goes to the wire.</summary>
    private bool TakePiece()
    {
        if (_payload.Count == 0 && !_payloads.TryDequeue(out _payload))
        {
            return false;
        }

        _pieceLeft = (int)Math.Min(_payload.Count, MostPieceBytes);
        (_pieceAddress, _pieceOpen) = (_payload.Address, true);
        int sum = _mesh.Checksums ? sizeof(uint) : 0;
        Span<byte> frame = _wire.Add(FrameHeader.Bytes + sum);
        (_payload.Operation.Header(FrameKind.Payload) with { Frame = _nextFrame++, Length = sum + _pieceLeft }).Write(frame);
        if (sum > 0)
        {
            BitConverter.TryWriteBytes(frame[FrameHeader.Bytes..], Crc32C.Of(new ReadOnlySpan<byte>((void*)_pieceAddress, _pieceLeft)));
        }

        return true;
    }

    private bool TrySendPiece(out TcpOperation? finished)
    {
        finished = null;
        int count = TrySend(new ReadOnlySpan<byte>((void*)_pieceAddress, _pieceLeft));
        (_pieceAddress, _pieceLeft) = (_pieceAddress + count, Math.Max(0, _pieceLeft - count));
        if (_pieceLeft == 0)
        {
            long piece = _pieceAddress - _payload.Address;
            _payload = (_payload.Operation, _pieceAddress, _payload.Count - piece);
            _pieceOpen = false;
            finished = _payload.Count == 0 ? _payload.Operation : null;
            Monitor.PulseAll(_sendGate);
        }

        return count > 0;
    }

    private bool TrySendWire()
    {
        int count = TrySend(_wire.Waiting);
        _wire.Remove(count);
        return _wire.IsEmpty;
    }

    /// <summary>Sends what the socket takes. An error breaks the link; what it means is for the receiving thread to say, which sees the last frames.</summary>
    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        int count = _socket.Send(bytes, SocketFlags.None, out SocketError error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            (_broken, _pieceLeft, _pieceOpen) = (true, 0, false);
            return 0;
        }

        return error == SocketError.Success ? count : 0;
    }

    private void EndSending()
    {
        lock (_sendGate)
        {
            if (!_broken)
            {
                try
                {
                    _socket.Shutdown(SocketShutdown.Send);
                }
                catch (SocketException)
                {
                    // The other end has cut the connection already.
                }
            }

            (_broken, _sent) = (true, true);
            Monitor.PulseAll(_sendGate);
        }

        EndThread();
    }
}
