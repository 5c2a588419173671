namespace LongContext.CriticalPath.Runs;

/// <summary>One row of the table.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Label">As in the table.</param>
/// <param name="Method">The method.</param>
/// <param name="Ranks">Ranks that share the prompt; 1: a session on one host.</param>
/// <param name="Blocks">Blocks of a context, where the method reads in blocks.</param>
internal sealed record MethodCase(string Name, string Label, AttentionMethod Method, int Ranks, int Blocks)
{
    internal static readonly string[] Names = ["full", "ring", "ring-zigzag", "ulysses", "usp", "star", "apb", "apb-zigzag"];

    internal static MethodCase Create(string name, int hosts) => name switch
    {
        "full" => new(name, "Full, one host", AttentionMethod.Full, 1, 1),
        "ring" => new(name, "Ring", AttentionMethod.Ring, hosts, 1),
        "ring-zigzag" => new(name, "Ring, zigzag", AttentionMethod.RingZigzag, hosts, 1),
        "ulysses" => new(name, "Ulysses", AttentionMethod.Ulysses, hosts, 1),
        "usp" => new(name, "USP", AttentionMethod.Usp, hosts, 1),
        "star" => new(name, "Star", AttentionMethod.Star, hosts, hosts),
        "apb" => new(name, "APB", AttentionMethod.Apb, hosts, hosts),
        "apb-zigzag" => new(name, "APB, zigzag", AttentionMethod.Apb, hosts, 2 * hosts),
        _ => throw new FormatException($"There is no method '{name}'; there are {string.Join(", ", Names)}."),
    };
}
