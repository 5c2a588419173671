using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>An MPI library that can be loaded into this process. Calls nothing in it.</summary>
/// <param name="Name">File name or path that loads.</param>
/// <param name="Family">Its binary interface.</param>
public sealed partial record MpiLibrary(string Name, MpiFamily Family)
{
    /// <summary>Environment variable that names the library to use, before all others.</summary>
    public const string NameVariable = "LONGCONTEXT_MPI";

    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.40.dylib"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "msmpi.dll", "impi.dll"];
    private static readonly string[] AbiNames = ["libmpi_abi.so.0", "libmpi_abi.so"];

    /// <summary>Whether an MPI library can be loaded here. Never throws.</summary>
    public static bool IsAvailable => Find() is not null;

    /// <summary>The library for this process: the one named by <see cref="NameVariable"/>, else the one that fits the launcher, else any.</summary>
    /// <returns>Null if none can be loaded. Never throws.</returns>
    public static MpiLibrary? Find() => Find(Environment.GetEnvironmentVariable);

    internal static MpiLibrary? Find(Func<string, string?> variable)
    {
        KeepUcxFromSignals();
        foreach (string name in Candidates(variable))
        {
            if (NativeLibrary.TryLoad(name, out nint handle) && NativeLibrary.TryGetExport(handle, "MPI_Init_thread", out _))
            {
                // Not freed: an MPI library that was unloaded can seldom be loaded again.
                return new MpiLibrary(name, FamilyOf(name, handle));
            }
        }

        return null;
    }

    internal static IEnumerable<string> Candidates(Func<string, string?> variable)
    {
        string? named = variable(NameVariable);
        if (!string.IsNullOrEmpty(named))
        {
            return [named]; // what the user asks for, or nothing
        }

        bool pmi = string.IsNullOrEmpty(variable("OMPI_COMM_WORLD_SIZE")) && !string.IsNullOrEmpty(variable("PMI_RANK"));
        return pmi ? [.. MpichNames, .. AbiNames, .. OpenMpiNames] : [.. OpenMpiNames, .. MpichNames, .. AbiNames];
    }

    private static MpiFamily FamilyOf(string name, nint handle)
    {
        if (NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _))
        {
            return MpiFamily.OpenMpi;
        }

        return name.Contains("mpi_abi", StringComparison.Ordinal) && NativeLibrary.TryGetExport(handle, "MPI_Abi_get_version", out _)
            ? MpiFamily.StandardAbi
            : MpiFamily.Mpich;
    }

    /// <summary>UCX, under most MPI libraries, replaces .NET's SIGSEGV handler: a caught NullReferenceException would end the process.</summary>
    /// <remarks>libc's own setenv, because .NET keeps its copy of the environment to itself.</remarks>
    private static void KeepUcxFromSignals()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironmentVariable("UCX_ERROR_SIGNALS", "", 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
