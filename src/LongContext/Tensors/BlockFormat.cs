namespace LongContext.Tensors;

/// <summary>How many elements of a <see cref="DType"/> share one block of bytes; plain types have one element a block.</summary>
/// <param name="ElementsPerBlock">Elements in one block: 1, 32 or 256.</param>
/// <param name="BytesPerBlock">Bytes in one block.</param>
public readonly record struct BlockFormat(int ElementsPerBlock, int BytesPerBlock)
{
    /// <summary>The format of <paramref name="type"/>.</summary>
    public static BlockFormat Of(DType type) => type switch
    {
        DType.F32 or DType.I32 => new(1, 4),
        DType.F16 or DType.BF16 => new(1, 2),
        DType.Q8_0 => new(32, 34),
        DType.Q4_0 => new(32, 18),
        DType.Q4_1 => new(32, 20),
        DType.Q5_0 => new(32, 22),
        DType.Q5_1 => new(32, 24),
        DType.Q4_K => new(256, 144),
        DType.Q5_K => new(256, 176),
        DType.Q6_K => new(256, 210),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type."),
    };

    /// <summary>Bytes of <paramref name="elements"/> elements.</summary>
    /// <exception cref="ArgumentException"><paramref name="elements"/> is negative or not whole blocks.</exception>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public long ByteCount(long elements)
    {
        if (elements < 0 || elements % ElementsPerBlock != 0)
        {
            throw new ArgumentException($"{elements} elements are not whole blocks of {ElementsPerBlock}.", nameof(elements));
        }

        return checked(elements / ElementsPerBlock * BytesPerBlock);
    }
}
