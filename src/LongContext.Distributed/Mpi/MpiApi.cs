using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Distributed.Mpi;

/// <summary>The functions of an MPI library that are used here, found by name when it is loaded. None of them waits for another rank, but start and end.</summary>
internal sealed unsafe class MpiApi
{
    private const int TextBytes = 16 * 1024; // more than any library's MPI_MAX_..._STRING

    private readonly delegate* unmanaged<nint, nint, int, int*, int> _initThread;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, nint*, nint, int> _duplicate;
    private readonly delegate* unmanaged<nint*, int> _free;
    private readonly delegate* unmanaged<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged<nint, int, nint, int, int, nint, nint, int> _send;
    private readonly delegate* unmanaged<nint, int, nint, int, int, nint, nint, int> _receive;
    private readonly delegate* unmanaged<int, nint, int*, int*, nint, int> _testSome;
    private readonly delegate* unmanaged<nint, nint, int*, int> _getCount;
    private readonly delegate* unmanaged<nint, int> _cancel;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;
    private readonly delegate* unmanaged<int, int*, int> _errorClass;
    private readonly delegate* unmanaged<byte*, int*, int> _version;

    private MpiApi(MpiLibrary library, nint handle)
    {
        Library = library;
        Abi = MpiAbi.Of(library.Family, handle);
        nint Export(string name) => NativeLibrary.TryGetExport(handle, name, out nint address)
            ? address
            : throw new ConfigurationException([$"The MPI library {library.Name} has no {name}: it must offer MPI 3."]);
        if (library.Family == MpiFamily.StandardAbi)
        {
            RequireFinalAbi(library, Export("MPI_Abi_get_version"), Export("MPI_Get_version"));
        }

        _initThread = (delegate* unmanaged<nint, nint, int, int*, int>)Export("MPI_Init_thread");
        _finalize = (delegate* unmanaged<int>)Export("MPI_Finalize");
        _abort = (delegate* unmanaged<nint, int, int>)Export("MPI_Abort");
        _size = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size");
        _rank = (delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank");
        _duplicate = (delegate* unmanaged<nint, nint*, nint, int>)Export("MPI_Comm_idup");
        _free = (delegate* unmanaged<nint*, int>)Export("MPI_Comm_free");
        _setErrorHandler = (delegate* unmanaged<nint, nint, int>)Export("MPI_Comm_set_errhandler");
        _send = (delegate* unmanaged<nint, int, nint, int, int, nint, nint, int>)Export("MPI_Isend");
        _receive = (delegate* unmanaged<nint, int, nint, int, int, nint, nint, int>)Export("MPI_Irecv");
        _testSome = (delegate* unmanaged<int, nint, int*, int*, nint, int>)Export("MPI_Testsome");
        _getCount = (delegate* unmanaged<nint, nint, int*, int>)Export("MPI_Get_count");
        _cancel = (delegate* unmanaged<nint, int>)Export("MPI_Cancel");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)Export("MPI_Error_string");
        _errorClass = (delegate* unmanaged<int, int*, int>)Export("MPI_Error_class");
        _version = (delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_library_version");
    }

    /// <summary>Where the functions came from.</summary>
    internal MpiLibrary Library { get; }

    /// <summary>Its binary interface.</summary>
    internal MpiAbi Abi { get; }

    /// <summary>Finds the functions of a library. <see cref="MpiLibrary.Find()"/> has loaded it and kept UCX from .NET's signals before.</summary>
    internal static MpiApi Load(MpiLibrary library) => new(library, NativeLibrary.Load(library.Name));

    /// <summary>The library's name and version, in one line.</summary>
    internal string Version()
    {
        byte* text = stackalloc byte[TextBytes];
        int length = 0;
        Check(_version(text, &length), "MPI_Get_library_version");
        string all = Encoding.UTF8.GetString(text, Math.Clamp(length, 0, TextBytes)).TrimEnd('\0');
        string[] lines = all.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? Library.Name : string.Join(' ', lines[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Starts MPI; may wait for other ranks.</summary>
    /// <returns>Whether different threads may call it, one at a time.</returns>
    internal bool Start()
    {
        int provided = 0;
        Check(_initThread(0, 0, Abi.Serialized, &provided), "MPI_Init_thread");
        SetErrorsReturn(Abi.World);
        return provided >= Abi.Serialized;
    }

    /// <summary>Ends MPI; waits for other ranks.</summary>
    internal void End() => Check(_finalize(), "MPI_Finalize");

    /// <summary>Ends the job. Seldom returns.</summary>
    internal void Abort(int code) => _ = _abort(Abi.World, code);

    /// <summary>This process's rank, and how many there are.</summary>
    internal (int Rank, int Size) Place()
    {
        int rank = 0, size = 0;
        Check(_rank(Abi.World, &rank), "MPI_Comm_rank");
        Check(_size(Abi.World, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>Starts to duplicate the world.</summary>
    /// <param name="communicator">Eight zeroed bytes that stay where they are until <paramref name="request"/> has completed.</param>
    /// <param name="request">Where the request goes.</param>
    internal void Duplicate(nint* communicator, nint request) => Check(_duplicate(Abi.World, communicator, request), "MPI_Comm_idup");

    /// <summary>Errors come back as return values, not as the end of the process.</summary>
    internal void SetErrorsReturn(nint communicator) => Check(_setErrorHandler(communicator, Abi.ErrorsReturn), "MPI_Comm_set_errhandler");

    internal void Free(nint communicator) => Check(_free(&communicator), "MPI_Comm_free");

    internal void Send(nint address, int bytes, int to, int tag, nint communicator, nint request) =>
        Check(_send(address, bytes, Abi.Byte, to, tag, communicator, request), "MPI_Isend");

    internal void Receive(nint address, int bytes, int from, int tag, nint communicator, nint request) =>
        Check(_receive(address, bytes, Abi.Byte, from, tag, communicator, request), "MPI_Irecv");

    /// <summary>Asks which requests have completed. An error of one of them stands in its status.</summary>
    /// <returns>How many; negative: none of them is in use.</returns>
    internal int TestSome(int count, nint requests, int* indices, nint statuses)
    {
        int done = 0;
        int code = _testSome(count, requests, &done, indices, statuses);
        if (code != 0)
        {
            for (int i = 0; i < done; i++)
            {
                CheckStatus(statuses, i);
            }

            Check(code, "MPI_Testsome");
        }

        return done;
    }

    /// <summary>Bytes of a message that has come.</summary>
    internal int Count(nint statuses, int index)
    {
        int bytes = 0;
        Check(_getCount(statuses + (index * Abi.StatusSize), Abi.Byte, &bytes), "MPI_Get_count");
        return bytes;
    }

    internal void Cancel(nint request) => Check(_cancel(request), "MPI_Cancel");

    /// <summary>Drafts of the standard interface had the same names and other constants.</summary>
    private static void RequireFinalAbi(MpiLibrary library, nint abiVersion, nint mpiVersion)
    {
        int abiMajor = 0, abiMinor = 0, major = 0, minor = 0;
        _ = ((delegate* unmanaged<int*, int*, int>)abiVersion)(&abiMajor, &abiMinor);
        _ = ((delegate* unmanaged<int*, int*, int>)mpiVersion)(&major, &minor);
        if (abiMajor != 1 || major < 5)
        {
            throw new ConfigurationException(
                [$"{library.Name} has version {abiMajor}.{abiMinor} of MPI's standard interface, for MPI {major}.{minor}; 1.0 for MPI 5 is needed."]);
        }
    }

    private void CheckStatus(nint statuses, int index) =>
        Check(Unsafe.Read<int>((void*)(statuses + (index * Abi.StatusSize) + Abi.StatusError)), "A message");

    private void Check(int code, string function)
    {
        if (code != 0)
        {
            Throw(code, function);
        }
    }

    private void Throw(int code, string function)
    {
        byte* text = stackalloc byte[TextBytes];
        int length = 0, kind = 0;
        _ = _errorString(code, text, &length);
        _ = _errorClass(code, &kind);
        throw new MpiErrorException(function, Encoding.UTF8.GetString(text, Math.Clamp(length, 0, TextBytes)).TrimEnd('\0'), kind == Abi.ErrorTruncate);
    }
}
