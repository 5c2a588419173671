using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using LongContext.Distributed.Tests.Ranks;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>TCP communicators of rank processes. Variables say what is not as usual.</summary>
internal static partial class TcpTransport
{
    /// <summary>Where rank 0 listens, if not on loopback.</summary>
    internal const string HostVariable = "LONGCONTEXT_TEST_TCP_HOST";

    /// <summary>First part of the name of the network namespace that each rank moves to; its number follows.</summary>
    internal const string NamespaceVariable = "LONGCONTEXT_TEST_TCP_NETNS";

    /// <summary>What the last rank is started with that the others are not: "secret", "no-secret", "size", "checksums" or "rank".</summary>
    internal const string OddVariable = "LONGCONTEXT_TEST_TCP_ODD";

    /// <summary>How many seconds the ranks wait for each other at the start, if not as the scenario says.</summary>
    internal const string StartVariable = "LONGCONTEXT_TEST_TCP_START";

    private const string Secret = "what only the ranks of the test know";
    private const int NewNetwork = 0x40000000;

    internal static ICommunicator Connect(RankPlace place, int world, CommunicatorOptions options)
    {
        if (world == 0 && Environment.GetEnvironmentVariable(NamespaceVariable) is { Length: > 0 } name)
        {
            MoveToNamespace($"/var/run/netns/{name}{place.Rank}");
        }

        string host = Environment.GetEnvironmentVariable(HostVariable) is { Length: > 0 } named ? named : "127.0.0.1";
        if (Environment.GetEnvironmentVariable(StartVariable) is { Length: > 0 } start)
        {
            options = options with { StartDeadline = TimeSpan.FromSeconds(int.Parse(start, CultureInfo.InvariantCulture)) };
        }

        string mark = $"port.{world}";
        Socket? listener = null;
        if (place.Rank == 0)
        {
            listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Parse(host), 0));
            place.Mark(mark, TcpCluster.Port(listener).ToString(CultureInfo.InvariantCulture));
        }

        int port = int.Parse(place.Await(0, mark, TimeSpan.FromSeconds(30)), CultureInfo.InvariantCulture);
        TcpOptions normal = new() { Rank = place.Rank, Size = place.Size, Host = host, Port = port, Secret = Secret, Communicator = options };
        return TcpCommunicator.Create(place.Rank == place.Size - 1 ? Odd(normal) : normal, listener);
    }

    private static TcpOptions Odd(TcpOptions options) => Environment.GetEnvironmentVariable(OddVariable) switch
    {
        "secret" => options with { Secret = Secret + "?" },
        "no-secret" => options with { Secret = null },
        "size" => options with { Size = options.Size + 1 },
        "checksums" => options with { Agreement = AgreementCheck.HeadersAndChecksums },
        "rank" => options with { Rank = options.Rank - 1 },
        _ => options,
    };

    /// <summary>Of this thread, and of all that it starts from now on.</summary>
    private static void MoveToNamespace(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        if (SetNamespace(file, NewNetwork) != 0)
        {
            throw new IOException($"{path} cannot be entered: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
