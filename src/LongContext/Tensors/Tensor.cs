namespace LongContext.Tensors;

/// <summary>A typed, shaped, contiguous, row-major view of a <see cref="TensorStorage"/>.</summary>
/// <remarks>
/// A value: slicing allocates nothing and copies nothing. The default value is "no tensor" (<see cref="IsEmpty"/>),
/// used for optional operands such as a bias. Quantised types are blocked along the last dimension.
/// </remarks>
public readonly struct Tensor
{
    /// <summary>Views <paramref name="storage"/> from <paramref name="byteOffset"/> on.</summary>
    /// <exception cref="ArgumentException">The view does not fit the storage, or a row is not whole blocks.</exception>
    public Tensor(TensorStorage storage, long byteOffset, DType type, TensorShape shape)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        BlockFormat format = BlockFormat.Of(type);
        if (shape[shape.Rank - 1] % format.ElementsPerBlock != 0)
        {
            throw new ArgumentException(
                $"The last dimension of {shape} is not a multiple of {format.ElementsPerBlock}, the block of {type}.", nameof(shape));
        }

        long byteCount = format.ByteCount(shape.ElementCount);
        if (byteOffset > storage.ByteCount - byteCount)
        {
            throw new ArgumentException(
                $"{type}{shape} needs {byteCount} bytes at offset {byteOffset}; the storage has {storage.ByteCount}.", nameof(shape));
        }

        (Storage, ByteOffset, Type, Shape, ByteCount) = (storage, byteOffset, type, shape, byteCount);
    }

    /// <summary>The memory viewed; never null unless <see cref="IsEmpty"/>.</summary>
    public TensorStorage Storage { get; }

    /// <summary>Where the first element starts in <see cref="Storage"/>.</summary>
    public long ByteOffset { get; }

    /// <summary>Element type.</summary>
    public DType Type { get; }

    /// <summary>Dimensions.</summary>
    public TensorShape Shape { get; }

    /// <summary>Bytes viewed.</summary>
    public long ByteCount { get; }

    /// <summary>True for the default value: no tensor.</summary>
    public bool IsEmpty => Storage is null;

    /// <summary>First dimension.</summary>
    public int Rows => checked((int)Shape.Rows);

    /// <summary>Elements of one row (all dimensions but the first).</summary>
    public int RowLength => checked((int)Shape.RowLength);

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> of the first dimension.</summary>
    public Tensor Slice(long start, long count)
    {
        if (start < 0 || count < 0 || start > Shape.Rows - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"Rows {start}..{start + count} of {Shape} do not exist.");
        }

        long rowBytes = Shape.Rows == 0 ? 0 : ByteCount / Shape.Rows;
        return new Tensor(Storage, ByteOffset + (start * rowBytes), Type, Shape.WithRows(count));
    }

    /// <summary>The same bytes in another shape with as many elements.</summary>
    public Tensor Reshape(TensorShape shape)
    {
        return shape.ElementCount == Shape.ElementCount
            ? new Tensor(Storage, ByteOffset, Type, shape)
            : throw new ArgumentException($"{Shape} cannot be read as {shape}.", nameof(shape));
    }

    /// <summary>Address of the first element.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not in host memory.</exception>
    public unsafe byte* HostPointer => Storage is HostStorage host
        ? host.Pointer + ByteOffset
        : throw new InvalidOperationException($"{Type}{Shape} is not in host memory.");

    /// <summary>The elements of a host tensor as a span. Not for whole caches: a span ends at 2³¹ elements.</summary>
    public unsafe Span<T> HostSpan<T>()
        where T : unmanaged
    {
        return new Span<T>(HostPointer, checked((int)(ByteCount / sizeof(T))));
    }

    /// <inheritdoc/>
    public override string ToString() => IsEmpty ? "none" : $"{Type}{Shape}";
}
