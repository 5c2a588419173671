using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Asks for weights, keys or values some time before they are needed: with one row, memory is the bound and the processor looks ahead too little.</summary>
internal static unsafe class Prefetch
{
    /// <summary>Bytes that are translated together, at the least.</summary>
    internal const int SystemPage = 4096;

    private const int Distance = 1024; // bytes ahead, in each of four rows
    private const int Line = 64;

    /// <summary>
    /// Where to look ahead from <paramref name="offset"/> in a row: further on, or, near the row's end, in the row that follows
    /// four rows later, which is the next tile's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Ahead(long offset, long rowBytes, long stride)
    {
        long ahead = offset + Distance;
        return ahead < rowBytes ? ahead : ahead - rowBytes + (4 * stride);
    }

    /// <summary>
    /// Fetches one line in every 4 KB of a range: what is fetched from there later, line by line, then need not wait until its address is
    /// translated. Waiting for that cost decode a sixth of attention's time over pages of 4 KB on one thread.
    /// </summary>
    internal static void Locate(byte* address, long bytes)
    {
        if (Sse.IsSupported)
        {
            for (long i = 0; i < bytes; i += SystemPage)
            {
                Sse.Prefetch0(address + i);
            }
        }
    }

    /// <summary>Fetches <paramref name="bytes"/> bytes from an address that need not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fetch(byte* address, int bytes)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < bytes; i += Line)
            {
                Sse.Prefetch0(address + i);
            }
        }
    }
}
