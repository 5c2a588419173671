using System.Globalization;

namespace LongContext.Planning;

/// <summary>How fast a message is: one of m bytes takes <paramref name="LatencySeconds"/> + m / <paramref name="BytesPerSecond"/>.</summary>
/// <param name="LatencySeconds">Seconds of a message without bytes.</param>
/// <param name="BytesPerSecond">Bytes a second, one way.</param>
public sealed record LinkProfile(double LatencySeconds, double BytesPerSecond)
{
    private static readonly Dictionary<string, LinkProfile> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["nvlink4"] = new(3e-6, 450e9),
        ["pcie5x16"] = new(5e-6, 55e9),
        ["pcie4x16"] = new(5e-6, 26e9),
        ["ib400"] = new(4e-6, 48e9),
        ["ib200"] = new(4e-6, 24e9),
        ["eth100"] = new(15e-6, 11.5e9),
        ["eth25"] = new(20e-6, 2.9e9),
        ["eth10"] = new(30e-6, 1.15e9),
        ["eth1"] = new(60e-6, 0.117e9),
    };

    /// <summary>Names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>A link by its name, or "15us,11.5GB/s".</summary>
    /// <exception cref="ConfigurationException">It is neither.</exception>
    public static LinkProfile Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Known.TryGetValue(text, out LinkProfile? link))
        {
            return link;
        }

        string[] parts = text.Split(',');
        return parts.Length == 2 && Number(parts[0], "us") is > 0 and double microseconds && Number(parts[1], "GB/s") is > 0 and double gigabytes
            ? new LinkProfile(microseconds * 1e-6, gigabytes * 1e9)
            : throw new ConfigurationException(
                [$"'{text}' is no link: write one of {string.Join(", ", Known.Keys)}, or a latency and a rate such as 15us,11.5GB/s."]);
    }

    /// <summary>Seconds for <paramref name="messages"/> messages one after another, of <paramref name="bytes"/> together.</summary>
    public double Seconds(double messages, double bytes) => (messages * LatencySeconds) + (bytes / BytesPerSecond);

    private static double? Number(string text, string unit) =>
        text.Trim() is var t && t.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
        && double.TryParse(t[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : null;
}
