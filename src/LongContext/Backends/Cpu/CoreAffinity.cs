using System.Globalization;
using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu;

/// <summary>Which logical cores this process may use, and threads on them. Linux only: elsewhere there are none to choose from.</summary>
internal static unsafe partial class CoreAffinity
{
    private const int MaskBytes = 1_024; // 8,192 logical cores

    /// <summary>A core for each of <paramref name="threads"/> threads, on different physical cores as long as there are any; null where that cannot be had.</summary>
    internal static int[]? Choose(int threads)
    {
        int[] allowed = Allowed();
        return threads <= allowed.Length ? [.. Order(allowed, FirstSibling)[..threads]] : null;
    }

    /// <summary>One logical core of every physical core first, then the second ones, and so on; in rising order otherwise.</summary>
    /// <param name="allowed">Logical cores.</param>
    /// <param name="physical">Names a logical core's physical one.</param>
    internal static int[] Order(int[] allowed, Func<int, int> physical) =>
    [
        .. allowed.GroupBy(physical).SelectMany(siblings => siblings.Select((core, place) => (core, place)))
            .OrderBy(c => c.place).ThenBy(c => c.core).Select(c => c.core),
    ];

    /// <summary>The logical cores that the calling thread may run on, ascending; none where the system does not say.</summary>
    internal static int[] Allowed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        return GetAffinity(0, MaskBytes, mask) == 0 ? Bits(new ReadOnlySpan<byte>(mask, MaskBytes)) : [];
    }

    /// <summary>Keeps the calling thread on one logical core from now on; if the system refuses, it stays free.</summary>
    internal static void PinCallingThread(int core)
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[core / 8] = (byte)(1 << (core % 8));
        _ = SetAffinity(0, MaskBytes, mask);
    }

    private static int[] Bits(ReadOnlySpan<byte> mask)
    {
        List<int> set = [];
        for (int bit = 0; bit < mask.Length * 8; bit++)
        {
            if ((mask[bit / 8] & (1 << (bit % 8))) != 0)
            {
                set.Add(bit);
            }
        }

        return [.. set];
    }

    /// <summary>The lowest logical core on the same physical core, from a list such as "0,32" or "0-1"; the core itself where nothing is told.</summary>
    private static int FirstSibling(int core)
    {
        try
        {
            string list = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"));
            int end = list.AsSpan().IndexOfAnyExceptInRange('0', '9');
            return int.TryParse(end < 0 ? list : list.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out int first) ? first : core;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return core;
        }
    }

    // 0 is the calling thread.
    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint bytes, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint bytes, byte* mask);
}
