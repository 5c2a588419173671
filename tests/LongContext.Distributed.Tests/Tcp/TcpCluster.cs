using System.Net;
using System.Net.Sockets;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using LongContext.Tests.Shared.Conformance.Communication;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Ranks that are threads of the test, each with its own communicator over loopback.</summary>
internal static class TcpCluster
{
    /// <summary>A cluster whose ranks check as closely as <paramref name="agreement"/> says.</summary>
    internal static ThreadCluster Of(AgreementCheck agreement, string? secret = null) => new(
        (size, options) =>
        {
            Socket listener = TcpAcceptor.NewListener(new IPEndPoint(IPAddress.Loopback, 0));
            TcpOptions first = Options(0, size, Port(listener), options) with { Agreement = agreement, Secret = secret };
            return rank => TcpCommunicator.Create(first with { Rank = rank }, rank == 0 ? listener : null);
        },
        maxSize: 4);

    /// <summary>Options of a rank that throws at a fault and does not end the test.</summary>
    internal static TcpOptions Options(int rank, int size, int port, CommunicatorOptions? options = null) => new()
    {
        Rank = rank, Size = size, Port = port,
        Communicator = (options ?? CommunicatorOptions.Default) with { OnFault = FaultAction.ThrowOnly },
    };

    /// <summary>The port that the system gave a listener.</summary>
    internal static int Port(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;
}
