using System.Diagnostics;
using System.Globalization;

namespace LongContext.Cli.Output;

/// <summary>The most memory this process held so far.</summary>
internal static class PeakMemory
{
    /// <summary>Peak resident set in bytes, mapped model pages included.</summary>
    internal static long Bytes => OperatingSystem.IsLinux() && FromProc() is { } bytes ? bytes : FromProcess();

    /// <summary>The line <c>VmHWM:   12345 kB</c>.</summary>
    private static long? FromProc()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
            {
                string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                return long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
            }
        }

        return null;
    }

    private static long FromProcess()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
