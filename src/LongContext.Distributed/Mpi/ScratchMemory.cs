using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>Memory for what other ranks send to be summed.</summary>
internal sealed unsafe class ScratchMemory(long bytes)
{
    private readonly void* _memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 64);

    internal nint Address => (nint)_memory;

    internal long Bytes => bytes;

    internal void Free() => NativeMemory.AlignedFree(_memory);
}
