using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>What differs between the binary interfaces of MPI libraries: how handles look, where a status keeps its fields, and constants.</summary>
/// <param name="HandleSize">Bytes of a handle in memory: an address, or a 32-bit integer. In a call every handle is passed as a native integer.</param>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="NullRequest">MPI_REQUEST_NULL.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="StatusSize">Bytes of MPI_Status.</param>
/// <param name="StatusError">Where its MPI_ERROR is.</param>
/// <param name="Serialized">MPI_THREAD_SERIALIZED.</param>
/// <param name="ErrorTruncate">Error class of a message longer than its receiver expected; -1 if not known.</param>
internal sealed record MpiAbi(
    int HandleSize, nint World, nint Byte, nint NullRequest, nint ErrorsReturn, int StatusSize, int StatusError, int Serialized, int ErrorTruncate)
{
    /// <summary>The interface of a loaded library.</summary>
    internal static MpiAbi Of(MpiFamily family, nint library) => family switch
    {
        MpiFamily.OpenMpi => new MpiAbi(
            nint.Size,
            NativeLibrary.GetExport(library, "ompi_mpi_comm_world"),
            NativeLibrary.GetExport(library, "ompi_mpi_byte"),
            NativeLibrary.GetExport(library, "ompi_request_null"),
            NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
            StatusSize: 24, StatusError: 8, Serialized: 2, ErrorTruncate: 15),
        MpiFamily.Mpich => new MpiAbi(
            sizeof(int), 0x44000000, 0x4c00010d, 0x2c000000, 0x54000001, StatusSize: 20, StatusError: 16, Serialized: 2, ErrorTruncate: 14),
        _ => new MpiAbi(nint.Size, 0x101, 0x247, 0x180, 0x143, StatusSize: 32, StatusError: 8, Serialized: 2048, ErrorTruncate: -1),
    };
}
