namespace LongContext.Planning;

/// <summary>How fast one host (one rank: a machine, or a share of one) computes, as it is reached, not as the data sheet says.</summary>
/// <param name="MatrixFlops">Floating-point operations a second in matrix products.</param>
/// <param name="AttentionFlops">Floating-point operations a second in attention, of those the causal mask leaves.</param>
/// <param name="MemoryBytesPerSecond">Bytes a second read in decoding.</param>
public sealed record HostProfile(double MatrixFlops, double AttentionFlops, double MemoryBytesPerSecond)
{
    private static readonly Dictionary<string, HostProfile> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        // Data-sheet peaks times the shares that good implementations reach: 60, 50 and 80 % on GPUs, 50, 35 and 70 % on CPUs.
        ["h100"] = new(0.6 * 989e12, 0.5 * 989e12, 0.8 * 3.35e12),
        ["a100"] = new(0.6 * 312e12, 0.5 * 312e12, 0.8 * 2.0e12),
        ["l40s"] = new(0.6 * 362e12, 0.5 * 362e12, 0.8 * 0.864e12),
        ["cpu64"] = new(0.5 * 6e12, 0.35 * 6e12, 0.7 * 0.4e12),
        ["cpu16"] = new(0.5 * 1e12, 0.35 * 1e12, 0.7 * 0.08e12),
    };

    /// <summary>Names that <see cref="Named"/> knows.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>A typical host; not measured.</summary>
    /// <exception cref="ConfigurationException">No such name.</exception>
    public static HostProfile Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Known.TryGetValue(name, out HostProfile? host)
            ? host
            : throw new ConfigurationException([$"There is no host profile '{name}'; known are {string.Join(", ", Known.Keys)}."]);
    }

    /// <summary>The share of a host that one of <paramref name="ranks"/> ranks on it gets.</summary>
    public HostProfile Share(int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        return new HostProfile(MatrixFlops / ranks, AttentionFlops / ranks, MemoryBytesPerSecond / ranks);
    }
}
