namespace LongContext.Planning;

/// <summary>What is to be planned: a prompt, hosts, and how fast they and their links are.</summary>
public sealed record PlanRequest
{
    /// <summary>Prompt tokens; at least 1.</summary>
    public required long Tokens { get; init; }

    /// <summary>Hosts (ranks) that share the prompt; at least 1.</summary>
    public required int Hosts { get; init; }

    /// <summary>One host.</summary>
    public required HostProfile Host { get; init; }

    /// <summary>The link between any two hosts.</summary>
    public required LinkProfile Link { get; init; }

    /// <summary>The link inside a group of USP; null: as <see cref="Link"/>.</summary>
    public LinkProfile? InnerLink { get; init; }

    /// <summary>Ranks of USP's inner (Ulysses) groups; null: the most, up to 8, that divide the hosts and do not pass the KV heads.</summary>
    public int? InnerHosts { get; init; }

    /// <summary>Bytes of a cached key's or value's element: 2 (bfloat16, the default) or 4.</summary>
    public double KVElementBytes { get; init; } = 2;

    /// <summary>Bytes of a query's element on the wire, and of an attention output's between heads' exchanges: 4 (the default) or 2.</summary>
    public double ExchangeElementBytes { get; init; } = 4;

    /// <summary>Blocks of Star and APB on one host (virtual hosts). Default 8.</summary>
    public int VirtualHosts { get; init; } = 8;

    /// <summary>Blocks of Star and APB on each of several hosts; default 2, an early one and a late one, as a session has them.</summary>
    public int BlocksPerHost { get; init; } = 2;

    /// <summary>Anchor tokens of APB; null: a 32nd of the prompt, at most 8,192, as in a session.</summary>
    public long? AnchorLength { get; init; }

    /// <summary>Tokens that each block of APB passes on; null: a 64th of the prompt, as in a session. Never more than a block.</summary>
    public long? PassingLength { get; init; }

    /// <summary>What makes no sense, one sentence each.</summary>
    internal void ThrowIfInvalid()
    {
        List<string> problems = [];
        Require(problems, Tokens >= 1, nameof(Tokens), Tokens, "at least 1");
        Require(problems, Hosts is >= 1 and <= 65_536, nameof(Hosts), Hosts, "1 to 65536");
        Require(problems, VirtualHosts is >= 1 and <= 65_536, nameof(VirtualHosts), VirtualHosts, "1 to 65536");
        Require(problems, BlocksPerHost is >= 1 and <= 65_536, nameof(BlocksPerHost), BlocksPerHost, "1 to 65536");
        Require(problems, InnerHosts is null or >= 1, nameof(InnerHosts), InnerHosts, "at least 1");
        Require(problems, InnerHosts is null || Hosts % Math.Max(1, InnerHosts.Value) == 0, nameof(InnerHosts), InnerHosts, $"a divisor of the hosts, {Hosts}");
        Require(problems, AnchorLength is null or >= 0, nameof(AnchorLength), AnchorLength, "at least 0");
        Require(problems, PassingLength is null or >= 0, nameof(PassingLength), PassingLength, "at least 0");
        Require(problems, KVElementBytes > 0, nameof(KVElementBytes), KVElementBytes, "above 0");
        Require(problems, ExchangeElementBytes > 0, nameof(ExchangeElementBytes), ExchangeElementBytes, "above 0");
        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private static void Require(List<string> problems, bool condition, string name, object? value, string allowed)
    {
        if (!condition)
        {
            problems.Add($"{name} is {value}; it must be {allowed}.");
        }
    }
}
