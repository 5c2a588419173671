using System.Globalization;
using System.Net;
using System.Text;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>What a <see cref="TcpCommunicator"/> is made with. All but <see cref="Rank"/> must be the same on all ranks.</summary>
public sealed record TcpOptions
{
    /// <summary>The most ranks: each is connected to every other.</summary>
    public const int MostRanks = 64;

    /// <summary>The least length of a <see cref="Secret"/>, in UTF-8 bytes.</summary>
    public const int LeastSecretBytes = 16;

    /// <summary>Environment variable with this process's rank.</summary>
    public const string RankVariable = "LONGCONTEXT_RANK";

    /// <summary>Environment variable with the number of ranks.</summary>
    public const string SizeVariable = "LONGCONTEXT_SIZE";

    /// <summary>Environment variable with where rank 0 listens, as host:port.</summary>
    public const string RendezvousVariable = "LONGCONTEXT_RENDEZVOUS";

    /// <summary>Environment variable with the secret that the ranks share.</summary>
    public const string SecretVariable = "LONGCONTEXT_SECRET";

    /// <summary>This rank, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary>Number of ranks, 1 to <see cref="MostRanks"/>.</summary>
    public required int Size { get; init; }

    /// <summary>Where rank 0 listens and the others find it: an address or a host's name. Default: this machine only.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port there. All other ports are given by the system.</summary>
    public required int Port { get; init; }

    /// <summary>
    /// What only the ranks know, at least <see cref="LeastSecretBytes"/> bytes long. Needed unless <see cref="Host"/> is this machine itself: a
    /// rank proves that it knows it before anything it sends is read. It is not sent; what follows is neither encrypted nor signed.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary>How closely what ranks send is checked.</summary>
    public AgreementCheck Agreement { get; init; } = AgreementCheck.Headers;

    /// <summary>What every communicator is made with: deadlines, and what to do at a fault.</summary>
    public CommunicatorOptions Communicator { get; init; } = CommunicatorOptions.Default;

    /// <summary>All for a log but the secret.</summary>
    public override string ToString() => $"rank {Rank} of {Size} at {Host}:{Port}, {(Secret is null ? "no secret" : "with a secret")}, {Agreement}";

    /// <summary>Reads rank, size, rendezvous and secret from this process's environment.</summary>
    /// <exception cref="ConfigurationException">A variable is missing or makes no sense.</exception>
    public static TcpOptions FromEnvironment() => FromEnvironment(Environment.GetEnvironmentVariable);

    internal static TcpOptions FromEnvironment(Func<string, string?> variable)
    {
        List<string> problems = [];
        int rank = Number(RankVariable);
        int size = Number(SizeVariable);
        string rendezvous = variable(RendezvousVariable) ?? "";
        int colon = rendezvous.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(rendezvous.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            problems.Add($"{RendezvousVariable} is '{rendezvous}'; it must say where rank 0 listens, as host:port.");
            port = 0;
        }

        string? secret = variable(SecretVariable);
        return problems.Count > 0
            ? throw new ConfigurationException(problems)
            : new TcpOptions
            {
                Rank = rank, Size = size, Host = rendezvous[..colon].Trim('[', ']'), Port = port, Secret = string.IsNullOrEmpty(secret) ? null : secret,
            };

        int Number(string name)
        {
            if (!int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                problems.Add($"{name} is '{variable(name)}'; it must be a number.");
            }

            return number;
        }
    }

    /// <summary>Refuses values that make no sense, before anything listens.</summary>
    /// <returns>Where rank 0 listens.</returns>
    /// <exception cref="ConfigurationException">One sentence for each problem.</exception>
    internal IPEndPoint Validate()
    {
        Communicator.Validate();
        List<string> problems = [];
        Require(Size is >= 1 and <= MostRanks, $"{nameof(Size)} is {Size}; there can be 1 to {MostRanks} ranks.");
        Require(Rank >= 0 && Rank < Math.Max(Size, 1), $"{nameof(Rank)} is {Rank}; there are ranks 0 to {Size - 1}.");
        Require(Port is > 0 and <= IPEndPoint.MaxPort, $"{nameof(Port)} is {Port}; it must be 1 to {IPEndPoint.MaxPort}.");
        Require(Agreement <= AgreementCheck.HeadersAndChecksums, $"{nameof(Agreement)} is {Agreement}, which does not exist.");
        Require(
            Secret is null || Encoding.UTF8.GetByteCount(Secret) >= LeastSecretBytes,
            $"{nameof(Secret)} is shorter than {LeastSecretBytes} bytes; take one that cannot be guessed.");
        IPAddress? address = Resolve();
        Require(address is not null, $"{nameof(Host)} is '{Host}', which has no address here.");
        Require(
            address is null || IPAddress.IsLoopback(address) || Secret is not null,
            $"{nameof(Host)} is {Host}, which other machines can reach: set a {nameof(Secret)} ({SecretVariable}) that all ranks share, or use 127.0.0.1.");
        return problems.Count > 0 ? throw new ConfigurationException(problems) : new IPEndPoint(address!, Port);

        void Require(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }
    }

    private IPAddress? Resolve()
    {
        if (IPAddress.TryParse(Host, out IPAddress? address))
        {
            return address;
        }

        try
        {
            return Dns.GetHostAddresses(Host).OrderBy(a => a.AddressFamily).FirstOrDefault(); // IPv4 first
        }
        catch (System.Net.Sockets.SocketException)
        {
            return null;
        }
    }
}
