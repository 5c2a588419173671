using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace LongContext.Ilgpu;

/// <summary>Copies between host spans and device views; both wait for what was queued before.</summary>
internal static class DeviceCopy
{
    internal static void FromHost<T>(ReadOnlySpan<T> source, ArrayView<T> destination)
        where T : unmanaged
    {
        if (!source.IsEmpty)
        {
            destination.CopyFromCPU(ref Unsafe.AsRef(in MemoryMarshal.GetReference(source)), source.Length);
        }
    }

    internal static void ToHost<T>(ArrayView<T> source, Span<T> destination)
        where T : unmanaged
    {
        if (!destination.IsEmpty)
        {
            source.CopyToCPU(ref MemoryMarshal.GetReference(destination), destination.Length);
        }
    }
}
