using LongContext.Tensors;

namespace LongContext.Communication;

/// <summary>Memory that takes part in an operation. It must stay alive until the operation has completed, and what is sent unchanged.</summary>
/// <remarks>Never memory that the garbage collector may move: a <see cref="CommBuffer"/>, or a host tensor's.</remarks>
/// <param name="Address">The first element.</param>
/// <param name="Count">Elements.</param>
/// <param name="Kind">Their type.</param>
/// <param name="Place">Where they are.</param>
public readonly record struct CommRegion(nint Address, long Count, ElementKind Kind, MemoryPlace Place = MemoryPlace.Host)
{
    /// <summary>Bytes of one element.</summary>
    public int ElementSize => Kind switch { ElementKind.Byte => 1, ElementKind.BFloat16 => 2, _ => 4 };

    /// <summary>Bytes of all.</summary>
    public long ByteCount => checked(Count * ElementSize);

    /// <summary>Nothing: for a rank that does not send or does not receive.</summary>
    public static CommRegion Empty(ElementKind kind) => new(0, 0, kind);

    /// <summary>The elements of a host tensor: F32 and BF16 as such, others as bytes.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not in host memory.</exception>
    public static unsafe CommRegion Of(in Tensor tensor)
    {
        nint address = (nint)tensor.HostPointer;
        return tensor.Type switch
        {
            DType.F32 => new CommRegion(address, tensor.ByteCount / 4, ElementKind.Float32),
            DType.BF16 => new CommRegion(address, tensor.ByteCount / 2, ElementKind.BFloat16),
            _ => new CommRegion(address, tensor.ByteCount, ElementKind.Byte),
        };
    }

    /// <summary>Elements <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in the region.</exception>
    public CommRegion Slice(long start, long count)
    {
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"Elements {start} to {start} + {count} of {Count} do not exist.");
        }

        return this with { Address = Address + checked((nint)(start * ElementSize)), Count = count };
    }
}
