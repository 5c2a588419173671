namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What turns a row's sums of byte products into scores.</summary>
internal struct QueryFactor
{
    /// <summary>The query's scale.</summary>
    internal float Scale;

    /// <summary>Where sums begin: less the keys' offset times the sum of the query's bytes.</summary>
    internal int Start;
}
