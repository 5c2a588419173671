namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>The addresses that interpreted code may use. The memory itself is the process's own.</summary>
internal sealed unsafe class MachineMemory
{
    private readonly List<(nuint Start, nuint End, bool IsWritable)> _ranges = [];

    /// <summary>Any address may be used: for code inside a whole backend, after its bounds were tested alone.</summary>
    internal static MachineMemory Unbounded { get; } = new() { IsUnbounded = true };

    private bool IsUnbounded { get; init; }

    /// <summary>Allows a range.</summary>
    internal void Allow(void* start, long bytes, bool isWritable = true) => _ranges.Add(((nuint)start, (nuint)start + (nuint)bytes, isWritable));

    /// <summary>The address, if all bytes may be used.</summary>
    /// <exception cref="MachineFault">Some may not.</exception>
    internal byte* At(ulong address, int bytes, bool isWritten)
    {
        if (IsUnbounded)
        {
            return (byte*)address;
        }

        foreach ((nuint start, nuint end, bool isWritable) in _ranges)
        {
            if (address >= start && address + (ulong)bytes <= end && (isWritable || !isWritten))
            {
                return (byte*)address;
            }
        }

        throw new MachineFault($"{(isWritten ? "Write" : "Read")} of {bytes} bytes at {address:X} is outside the memory given: {string.Join(", ", _ranges.Select(r => $"{r.Start:X}-{r.End:X}"))}");
    }
}
