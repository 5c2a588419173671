using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Distributed.Mpi;

/// <summary>What .NET does not offer about this process: an end without ceremony, the parent, a line to standard error that nothing buffers.</summary>
internal static unsafe partial class NativeProcess
{
    private const int StandardError = 2;

    /// <summary>The process that started this one; another one once that has ended.</summary>
    internal static int Parent() => GetParent();

    /// <summary>Writes a line to standard error, in one call so that lines of several ranks do not mix.</summary>
    internal static void WriteErrorLine(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = bytes)
        {
            nint done = 0;
            while (done < bytes.Length)
            {
                nint written = Write(StandardError, start + done, bytes.Length - done);
                if (written <= 0)
                {
                    return; // nobody reads it any more
                }

                done += written;
            }
        }
    }

    /// <summary>Ends the process now: no handlers, no finalisers, no MPI.</summary>
    internal static void End(int code) => EndNow(code);

    /// <summary>Leaves the core to others for a moment that is shorter than .NET's shortest sleep.</summary>
    internal static void Pause(uint microseconds) => _ = SleepShortly(microseconds);

    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetParent();

    [LibraryImport("libc", EntryPoint = "write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(int file, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void EndNow(int code);

    [LibraryImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SleepShortly(uint microseconds);
}
