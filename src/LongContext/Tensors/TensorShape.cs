namespace LongContext.Tensors;

/// <summary>One to three dimensions, row-major: the last one is contiguous.</summary>
public readonly record struct TensorShape
{
    private readonly long _d0, _d1, _d2;

    /// <summary>A vector.</summary>
    public TensorShape(long d0)
        : this(1, d0, 1, 1)
    {
    }

    /// <summary>A matrix of <paramref name="d0"/> rows and <paramref name="d1"/> columns.</summary>
    public TensorShape(long d0, long d1)
        : this(2, d0, d1, 1)
    {
    }

    /// <summary>Three dimensions, for activations [tokens, heads, headDim].</summary>
    public TensorShape(long d0, long d1, long d2)
        : this(3, d0, d1, d2)
    {
    }

    private TensorShape(int rank, long d0, long d1, long d2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(d0);
        ArgumentOutOfRangeException.ThrowIfNegative(d1);
        ArgumentOutOfRangeException.ThrowIfNegative(d2);
        (Rank, _d0, _d1, _d2) = (rank, d0, d1, d2);
        ElementCount = checked(d0 * d1 * d2);
    }

    /// <summary>Number of dimensions, 1 to 3 (0 for the default value).</summary>
    public int Rank { get; }

    /// <summary>Product of all dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>Dimension <paramref name="index"/>, 0-based.</summary>
    public long this[int index] => (uint)index < (uint)Rank
        ? index switch { 0 => _d0, 1 => _d1, _ => _d2 }
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The shape has {Rank} dimensions.");

    /// <summary>The first dimension: rows of a matrix, tokens of an activation.</summary>
    public long Rows => _d0;

    /// <summary>Elements of one row: the product of all dimensions but the first.</summary>
    public long RowLength => _d1 * _d2;

    /// <summary>The same shape with another first dimension.</summary>
    public TensorShape WithRows(long rows) => new(Rank, rows, _d1, _d2);

    /// <inheritdoc/>
    public override string ToString() => Rank switch
    {
        0 => "[]",
        1 => $"[{_d0}]",
        2 => $"[{_d0}, {_d1}]",
        _ => $"[{_d0}, {_d1}, {_d2}]",
    };
}
