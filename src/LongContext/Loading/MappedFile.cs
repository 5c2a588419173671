using System.IO.MemoryMappedFiles;
using LongContext.Tensors;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Loading;

/// <summary>A file mapped into memory, read-only. Knows bytes, no format.</summary>
/// <remarks>
/// The length is taken once, at opening, and everything read later is checked against it. Others may read, rename or delete the
/// file meanwhile but not write it where the system enforces that (Windows). Where it does not, shrinking a mapped file kills the
/// process: do not write to a model in place, and do not use one on a network file system that may drop out.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private bool _disposed;

    private MappedFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, long length)
    {
        (Path, _map, _view) = (path, map, view);
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Storage = HostStorage.Borrow(pointer + view.PointerOffset, length, owner: null);
    }

    /// <summary>As the user named it, for messages.</summary>
    internal string Path { get; }

    /// <summary>The whole file. Disposed with it.</summary>
    internal HostStorage Storage { get; }

    /// <summary>Bytes, as of opening.</summary>
    internal long Length => Storage.ByteCount;

    /// <summary>The first byte.</summary>
    internal byte* Pointer => Storage.Pointer;

    /// <summary>Maps the file at <paramref name="path"/>.</summary>
    /// <exception cref="ModelFormatException">There is no such file, it is empty, or the system refuses it.</exception>
    internal static MappedFile Open(string path)
    {
        SafeFileHandle? handle = null;
        MemoryMappedFile? map = null;
        try
        {
            if (new FileInfo(path).Length == 0) // also pipes and devices, which opening would block on
            {
                throw new ModelFormatException(path, "", "the file is empty.");
            }

            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.None);
            long length = RandomAccess.GetLength(handle);
            map = MemoryMappedFile.CreateFromFile(
                handle, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            MemoryMappedViewAccessor view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            return new MappedFile(path, map, view, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            map?.Dispose();
            handle?.Dispose();
            throw new ModelFormatException(path, "", $"the file cannot be opened: {e.Message}", innerException: e);
        }
    }

    /// <summary>Tells the system that a range of the mapping is not needed for now; reading it again is allowed and costs time.</summary>
    internal void Release(long offset, long byteCount)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        PageAdvice.DoNotNeed(Pointer + offset, byteCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Storage.Dispose();
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
        }
    }
}
