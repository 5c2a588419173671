using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu;

/// <summary>Unmanaged memory that grows and never shrinks: scratch that kernels address by pointer. Not cleared.</summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64; // one cache line, one 512-bit vector

    ~NativeBuffer() => Free();

    /// <summary>The first element.</summary>
    internal T* Pointer { get; private set; }

    /// <summary>Elements there is room for.</summary>
    internal long Capacity { get; private set; }

    /// <summary>Makes room for <paramref name="count"/> elements; growing loses the contents.</summary>
    internal T* Reserve(long count)
    {
        if (count > Capacity)
        {
            long capacity = Math.Max(count, checked(Capacity + (Capacity / 2)));
            nuint bytes = checked((nuint)capacity * (nuint)sizeof(T));
            Free();
            Pointer = (T*)NativeMemory.AlignedAlloc(bytes, Alignment);
            Capacity = capacity;
        }

        return Pointer;
    }

    /// <summary>Replaces the contents.</summary>
    internal void CopyFrom(ReadOnlySpan<T> source) => source.CopyTo(new Span<T>(Reserve(source.Length), source.Length));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        Capacity = 0;
    }
}
