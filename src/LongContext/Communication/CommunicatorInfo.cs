namespace LongContext.Communication;

/// <summary>What a communicator runs on.</summary>
/// <param name="Transport">"in-process", "mpi", "tcp".</param>
/// <param name="Library">The transport's library and version; empty if it has none.</param>
/// <param name="Hosts">[size]: the host of each rank.</param>
/// <param name="WorldRanks">[size]: each rank's number in the communicator that all groups were split from.</param>
/// <param name="Places">The memory it can move.</param>
public sealed record CommunicatorInfo(
    string Transport, string Library, IReadOnlyList<string> Hosts, IReadOnlyList<int> WorldRanks, IReadOnlyList<MemoryPlace> Places)
{
    /// <summary>A rank for a message: with its number in the world where that is another, and its host where ranks are on several.</summary>
    public string Describe(int rank)
    {
        string world = WorldRanks[rank] == rank ? "" : $", rank {WorldRanks[rank]} of all";
        string host = Hosts.All(h => h == Hosts[0]) ? "" : $", host {Hosts[rank]}";
        string more = world + host;
        return more.Length == 0 ? $"rank {rank}" : $"rank {rank} ({more[2..]})";
    }
}
