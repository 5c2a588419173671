using System.Net;
using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Listens for the ranks that connect to this one, on threads of its own. Strangers are turned away and counted.</summary>
internal sealed class TcpAcceptor : IDisposable
{
    private const int MostGuests = 32; // greeting at the same time
    private static readonly TimeSpan GreetingTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(5);

    private readonly object _gate = new();
    private readonly Socket _listener;
    private readonly TcpOptions _options;
    private readonly byte[] _key;
    private readonly Socket?[] _sockets;
    private readonly Thread _thread;
    private int _first; // ranks before this one do not connect here
    private int _guests;
    private int _strangers;
    private string? _mismatch;
    private bool _ended;

    /// <summary>Starts to listen.</summary>
    internal TcpAcceptor(TcpOptions options, byte[] key, Socket listener)
    {
        (_options, _key, _listener) = (options, key, listener);
        (_first, _sockets) = (options.Rank + 1, new Socket?[options.Size]);
        _thread = new Thread(Listen, maxStackSize: 256 * 1024) { IsBackground = true, Name = $"rank {options.Rank} listens" };
        _thread.Start();
    }

    /// <summary>The port it listens on.</summary>
    internal int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Makes a socket that listens at <paramref name="place"/>.</summary>
    internal static Socket NewListener(IPEndPoint place)
    {
        Socket socket = new(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ExclusiveAddressUse = OperatingSystem.IsWindows();
            socket.Bind(place);
            socket.Listen(2 * TcpOptions.MostRanks);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for all ranks after this one; the sockets are the caller's then.</summary>
    /// <exception cref="CommunicatorException">One did not come, or came from another job.</exception>
    internal Socket?[] WaitForAll(StartDeadline deadline)
    {
        lock (_gate)
        {
            while (Absent() >= 0 && _mismatch is null && !deadline.HasPassed)
            {
                Monitor.Wait(_gate, Math.Max(1, (int)deadline.Left.TotalMilliseconds));
            }

            if (_mismatch is not null)
            {
                throw TcpRendezvous.Fault(FaultKind.ConfigurationMismatch, _options.Rank, Communicator.NoRank, _mismatch);
            }

            if (Absent() is int absent and >= 0)
            {
                string strangers = _strangers == 0 ? "" : $"; {_strangers} connections were turned away because they did not know the secret or spoke something else";
                throw TcpRendezvous.Fault(
                    FaultKind.DeadlineExceeded, _options.Rank, absent,
                    $"rank {absent} of {_options.Size} has not come to rank {_options.Rank} within {deadline.All.TotalSeconds:0.###} s{strangers}");
            }

            _first = int.MaxValue;
            return _sockets;
        }
    }

    /// <summary>The ranks that have come by now.</summary>
    internal IReadOnlyList<Socket> Come()
    {
        lock (_gate)
        {
            return [.. _sockets.OfType<Socket>()];
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
        }

        _listener.Dispose(); // wakes the thread
        _thread.Join();
    }

    private int Absent() => Array.FindIndex(_sockets, Math.Min(_options.Rank + 1, _options.Size), s => s is null);

    private void Listen()
    {
        while (true)
        {
            try
            {
                Greet(_listener.Accept());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                lock (_gate)
                {
                    if (_ended)
                    {
                        return;
                    }
                }

                Thread.Sleep(RetryPause); // a guest that went away before it was accepted, or no descriptor is left for it
            }
        }
    }

    private void Greet(Socket socket)
    {
        lock (_gate)
        {
            if (_guests == MostGuests)
            {
                socket.Dispose();
                return;
            }

            _guests++;
        }

        new Thread(() => GreetOne(socket), maxStackSize: 256 * 1024) { IsBackground = true, Name = $"rank {_options.Rank} greets" }.Start();
    }

    private void GreetOne(Socket socket)
    {
        (int Rank, int Size)? guest = TcpHandshake.Accept(socket, _key, _options.Rank, _options.Size, new StartDeadline(GreetingTime));
        lock (_gate)
        {
            _guests--;
            if (guest is not { } its)
            {
                _strangers++;
                socket.Dispose();
            }
            else if (its.Size != _options.Size)
            {
                _mismatch ??= $"ranks were started with different settings: Size is '{_options.Size}' on rank {_options.Rank}, but '{its.Size}' on rank {its.Rank}";
                socket.Dispose();
            }
            else if (its.Rank < _first || its.Rank >= _sockets.Length || _sockets[its.Rank] is not null || _ended)
            {
                _mismatch ??= $"rank {its.Rank} has connected to rank {_options.Rank} twice, or should not have: give each process its own rank";
                socket.Dispose();
            }
            else
            {
                _sockets[its.Rank] = socket;
            }

            Monitor.PulseAll(_gate);
        }
    }
}
