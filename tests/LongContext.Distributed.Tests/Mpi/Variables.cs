namespace LongContext.Distributed.Tests.Mpi;

/// <summary>An environment for tests, written as "A=1 B=2".</summary>
internal static class Variables
{
    internal static Func<string, string?> Parse(string variables)
    {
        Dictionary<string, string> values = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(v => v.Split('=', 2))
            .ToDictionary(v => v[0], v => v[1]);
        return name => values.GetValueOrDefault(name);
    }
}
