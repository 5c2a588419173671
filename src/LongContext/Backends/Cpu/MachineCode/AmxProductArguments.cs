namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the generated tile kernel of weights by rows is told: it reads the fields at their offsets.</summary>
internal unsafe struct AmxProductArguments
{
    /// <summary>64 bytes, see <see cref="AmxConfiguration"/>; filled in by <see cref="AmxKernels"/>.</summary>
    internal byte* Configuration;

    /// <summary>Weights: [Panels][steps][32 outputs][32 features] bfloat16.</summary>
    internal byte* Weights;

    /// <summary>Rows: [steps][1 or 2 tiles][16 pairs of features][16 rows][2] bfloat16.</summary>
    internal byte* Rows;

    /// <summary>Fours of steps of 32 features.</summary>
    internal long Fours;

    /// <summary>Steps left over, 0 to 3; together at least one.</summary>
    internal long Rest;

    /// <summary>Pieces of 32 outputs, at least 1.</summary>
    internal long Panels;

    /// <summary>[Panels][32 outputs][32 rows] F32: a row of outputs of x, turned.</summary>
    internal float* Sums;

    /// <summary>0 to write sums anew, anything else to add to what is there.</summary>
    internal long IsContinued;

    /// <summary>What to fetch for later, 256 bytes a step; an address that need not exist.</summary>
    internal byte* Ahead;

    /// <summary>Bytes by which <see cref="Ahead"/> moves on after each step.</summary>
    internal long AheadStep;
}
