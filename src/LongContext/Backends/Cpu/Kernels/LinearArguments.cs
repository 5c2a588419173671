namespace LongContext.Backends.Cpu.Kernels;

/// <summary>The operands of y = x · wᵀ + bias as addresses.</summary>
internal unsafe struct LinearArguments
{
    /// <summary>[Rows, Features].</summary>
    internal float* X;

    internal int Rows;

    /// <summary>Elements of a row of x and of w.</summary>
    internal int Features;

    /// <summary>[Outputs, Features] in the weight's own format.</summary>
    internal byte* W;

    /// <summary>Bytes of a row of w.</summary>
    internal long WStride;

    internal int Outputs;

    /// <summary>[Outputs], or null.</summary>
    internal float* Bias;

    /// <summary>[Rows, Outputs].</summary>
    internal float* Y;
}
