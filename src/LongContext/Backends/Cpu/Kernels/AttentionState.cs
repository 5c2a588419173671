namespace LongContext.Backends.Cpu.Kernels;

/// <summary>The running softmax of a tile's rows: weighted sums of values, greatest scores, denominators. Scores are base 2.</summary>
internal readonly unsafe struct AttentionState
{
    private readonly int _rows;
    private readonly int _columns;

    /// <summary>Lays a state out from <paramref name="memory"/> on.</summary>
    internal AttentionState(float* memory, int rows, int columns)
    {
        (_rows, _columns) = (rows, columns);
        Sums = memory;
        Max = Sums + ((long)rows * columns);
        Denominators = Max + Rounded(rows);
    }

    /// <summary>[rows, columns], not divided by the denominator.</summary>
    internal float* Sums { get; }

    /// <summary>[rows], −∞ where no key was seen.</summary>
    internal float* Max { get; }

    /// <summary>[rows].</summary>
    internal float* Denominators { get; }

    /// <summary>Floats a state takes.</summary>
    internal static long Floats(int rows, int columns) => ((long)rows * columns) + (2 * Rounded(rows));

    /// <summary>No keys seen.</summary>
    internal void Clear()
    {
        new Span<float>(Sums, _rows * _columns).Clear();
        new Span<float>(Max, _rows).Fill(float.NegativeInfinity);
        new Span<float>(Denominators, _rows).Clear();
    }

    private static long Rounded(int rows) => (rows + 15) / 16 * 16;
}
