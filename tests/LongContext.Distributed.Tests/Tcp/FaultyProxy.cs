using System.Net;
using System.Net.Sockets;
using LongContext.Distributed.Tcp;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Stands between rank 1 and rank 0 and does something to one byte of what rank 1 sends.</summary>
internal sealed class FaultyProxy : IDisposable
{
    private readonly Socket _listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly int _target;
    private readonly long _at;
    private readonly ProxyFault _fault;
    private readonly Thread _thread;

    internal FaultyProxy(int target, long at, ProxyFault fault)
    {
        (_target, _at, _fault) = (target, at, fault);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Where rank 1 finds it.</summary>
    internal int Port => TcpCluster.Port(_listener);

    /// <summary>Whether so many bytes came that something was done.</summary>
    internal bool HasActed { get; private set; }

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            using Socket client = _listener.Accept();
            using Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            server.Connect(IPAddress.Loopback, _target);
            Thread back = new(() => Copy(server, client, long.MaxValue)) { IsBackground = true };
            back.Start();
            Copy(client, server, _at);
            back.Join();
        }
        catch (SocketException)
        {
            // Disposed before anybody came.
        }
    }

    private void Copy(Socket from, Socket to, long at)
    {
        byte[] buffer = new byte[4096];
        long passed = 0;
        try
        {
            while (from.Receive(buffer) is int count and > 0)
            {
                int inside = at >= passed && at < passed + count ? (int)(at - passed) : -1;
                passed += count;
                if (inside < 0)
                {
                    to.Send(buffer, count, SocketFlags.None);
                    continue;
                }

                HasActed = true;
                switch (_fault)
                {
                    case ProxyFault.FlipABit:
                        buffer[inside] ^= (byte)(1 << (int)(at % 8));
                        to.Send(buffer, count, SocketFlags.None);
                        break;
                    case ProxyFault.LoseAByte:
                        to.Send(buffer, inside, SocketFlags.None);
                        to.Send(buffer, inside + 1, count - inside - 1, SocketFlags.None);
                        break;
                    case ProxyFault.RepeatBytes:
                        int repeated = Math.Min(inside, 100);
                        to.Send(buffer, inside, SocketFlags.None);
                        to.Send(buffer, inside - repeated, count - inside + repeated, SocketFlags.None);
                        break;
                    default:
                        to.Send(buffer, inside, SocketFlags.None);
                        to.Shutdown(SocketShutdown.Send);
                        break;
                }

                if (_fault == ProxyFault.Cut)
                {
                    break;
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // One side is gone.
        }
    }
}
