namespace LongContext.Benchmarks.Profile;

/// <summary>What one kind of operation did so far.</summary>
internal sealed class OperationCost
{
    internal long Calls { get; set; }

    /// <summary>Time by the clock.</summary>
    internal TimeSpan Elapsed { get; set; }

    /// <summary>Processor time of all threads: where other work shares the cores, the steadier of the two.</summary>
    internal TimeSpan Cpu { get; set; }

    /// <summary>Floating-point operations that the result needs (a multiply-add is two).</summary>
    internal double Flops { get; set; }

    /// <summary>Bytes that must be read at least once: weights, cached keys and values, inputs.</summary>
    internal double Bytes { get; set; }
}
