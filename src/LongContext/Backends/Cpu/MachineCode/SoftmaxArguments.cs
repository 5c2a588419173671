namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the generated softmax kernel is told; base 2, see <see cref="SoftmaxKernelWriter.Write"/>.</summary>
internal unsafe struct SoftmaxArguments
{
    /// <summary>[rows, 32 · Steps], −∞ where masked.</summary>
    internal float* Scores;

    /// <summary>Bytes from a row of scores to the next.</summary>
    internal long ScoreStride;

    /// <summary>[rows, 32 · Steps] bfloat16, written.</summary>
    internal byte* Weights;

    /// <summary>Bytes from a row of weights to the next.</summary>
    internal long WeightStride;

    /// <summary>Pieces of 32 keys, at least 1.</summary>
    internal long Steps;

    /// <summary>At least 1.</summary>
    internal long Rows;

    /// <summary>[rows], the greatest score so far, −∞ for none; brought up to date.</summary>
    internal float* Max;

    /// <summary>[rows], the sum of weights so far; brought up to date.</summary>
    internal float* Denominators;

    /// <summary>[rows], written: what earlier sums must be multiplied by.</summary>
    internal float* Factors;

    /// <summary><see cref="SoftmaxConstants"/>.</summary>
    internal float* Constants;
}
