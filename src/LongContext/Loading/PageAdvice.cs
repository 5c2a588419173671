using System.Runtime.InteropServices;

namespace LongContext.Loading;

/// <summary>Advice to the system about mapped pages: on Linux only, elsewhere nothing happens.</summary>
internal static unsafe partial class PageAdvice
{
    private const int DontNeed = 4; // MADV_DONTNEED

    /// <summary>Gives the pages that overlap the range back; a file's page is read again when it is touched again.</summary>
    internal static void DoNotNeed(byte* pointer, long byteCount)
    {
        if (OperatingSystem.IsLinux() && byteCount > 0)
        {
            nuint page = (nuint)Environment.SystemPageSize;
            nuint start = (nuint)pointer & ~(page - 1);
            nuint length = (nuint)pointer + (nuint)byteCount - start;
            _ = Advise((void*)start, length, DontNeed); // only advice: a refusal changes nothing
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
