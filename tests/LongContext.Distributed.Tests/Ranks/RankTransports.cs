using LongContext.Communication;
using LongContext.Distributed.Mpi;
using LongContext.Distributed.Tests.Tcp;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What rank processes can talk over, by name.</summary>
internal static class RankTransports
{
    /// <summary>Makes a rank's communicator: from its place, the number of the world that the job makes, from 0, and the options.</summary>
    internal static IReadOnlyDictionary<string, Func<RankPlace, int, CommunicatorOptions, ICommunicator>> All { get; } =
        new Dictionary<string, Func<RankPlace, int, CommunicatorOptions, ICommunicator>>
        {
            ["tcp"] = TcpTransport.Connect,
            ["mpi"] = (_, _, options) => MpiCommunicator.Create(new MpiOptions { Communicator = options }),
        };
}
