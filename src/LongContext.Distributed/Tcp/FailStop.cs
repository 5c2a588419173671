using System.Runtime.InteropServices;
using System.Text;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>Ends the process at a fault: one line to standard error, then an exit code that a job system understands.</summary>
internal static partial class FailStop
{
    /// <summary>Exit code of a process that ended without disposing its communicator.</summary>
    internal const int NotClosed = 70;

    /// <summary>78: started with the wrong settings, starting again does not help. 75: a fault that may pass.</summary>
    internal static int ExitCodeOf(FaultKind kind) => kind == FaultKind.ConfigurationMismatch ? 78 : 75;

    /// <summary>Writes one line to standard error, in one call, so that lines of several ranks do not mix.</summary>
    internal static void Report(string line)
    {
#pragma warning disable RS0030 // the process's last words, and warnings of a rank that no logger belongs to
        using Stream error = Console.OpenStandardError();
#pragma warning restore RS0030
        try
        {
            error.Write(Encoding.UTF8.GetBytes($"longcontext: {line}{Environment.NewLine}"));
        }
        catch (IOException)
        {
            // Nobody reads it any more.
        }
    }

    /// <summary>Reports a fault and ends the process.</summary>
    internal static void End(int rank, int size, CommunicatorFault fault)
    {
        int code = ExitCodeOf(fault.Kind);
        Report($"rank {rank} of {size} (host {Environment.MachineName}): {fault.Message.TrimEnd('.')}; exit {code}");
        EndNow(code);
    }

    /// <summary>Ends the process now: no handlers, no finalisers.</summary>
    internal static void EndNow(int code)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = TerminateProcess(-1, (uint)code);
        }

        ExitNow(code);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void ExitNow(int code);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int TerminateProcess(nint process, uint code);
}
