using System.Net.Sockets;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Ranks that are processes, each connected to every other by a plain socket: for development, Windows and macOS, and tests of faults.</summary>
/// <remarks>
/// Rank 0 listens, the others find it there. Only this machine can connect unless the ranks share a secret. Every operation is compared on all
/// ranks before a byte of payload moves. Payload goes from memory to memory; the bytes move on the communicator's own threads. For many hosts take
/// MPI: this one knows no fast network and no topology, and what it sends is not encrypted.
/// </remarks>
public sealed class TcpCommunicator : Communicator
{
    private readonly TcpMesh _mesh;
    private readonly TcpGroup _group;

    private TcpCommunicator(TcpMesh mesh, CommunicatorOptions options)
        : base(mesh.Rank, mesh.World, options, mesh.Latch)
    {
        (_mesh, _group) = (mesh, mesh.Root);
        mesh.Start();
    }

    private TcpCommunicator(TcpCommunicator parent, int rank, CommunicatorInfo info, TcpGroup group)
        : base(parent, rank, info)
    {
        (_mesh, _group) = (parent._mesh, group);
    }

    /// <summary>Joins the other ranks; returns once all have come.</summary>
    /// <exception cref="ConfigurationException">The options make no sense.</exception>
    /// <exception cref="CommunicatorException">The ranks did not come together: one is missing, or was started with other options or another secret.</exception>
    public static TcpCommunicator Create(TcpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Create(options, null);
    }

    internal static TcpCommunicator Create(TcpOptions options, Socket? listener)
    {
        try
        {
            (CommunicatorInfo info, IReadOnlyList<Socket?> sockets) = TcpRendezvous.Join(options, listener);
            return new TcpCommunicator(new TcpMesh(options.Rank, info, options, sockets), options.Communicator);
        }
        catch (CommunicatorException e) when (options.Communicator.OnFault == FaultAction.EndProcess)
        {
            FailStop.End(options.Rank, options.Size, e.Fault);
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool IsCompleted(ulong sequence) => _group.IsCompleted(sequence);

    /// <inheritdoc/>
    public override bool Wait(ulong sequence, TimeSpan? limit) => _group.Wait(sequence, limit);

    /// <inheritdoc/>
    protected override void Begin(in CommRequest request) => _group.Begin(request);

    /// <inheritdoc/>
    protected override ICommunicator CreateGroup(CommunicatorInfo info, IReadOnlyList<int> members, ulong sequence)
    {
        ArgumentNullException.ThrowIfNull(info);
        int rank = members.ToList().IndexOf(Rank);
        TcpGroup group = _mesh.AddGroup(_group.Id, sequence, info, rank, [.. info.WorldRanks]);
        _mesh.ThrowIfFaulted();
        return new TcpCommunicator(this, rank, info, group);
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _group.Close();
        if (_group == _mesh.Root)
        {
            _mesh.Close();
        }
    }
}
