using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu;

/// <summary>Memory of a matrix in panels: in large pages where the system has them, since decode goes through all of it for every token.</summary>
internal sealed unsafe partial class PanelMemory : IDisposable
{
    private const int HugePage = 2 << 20, CacheLine = 64;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    private void* _memory;

    private PanelMemory(void* memory) => _memory = memory;

    ~PanelMemory() => Free();

    /// <summary>Memory for so many bytes, not cleared; disposing the storage frees it.</summary>
    internal static HostStorage Allocate(long byteCount)
    {
        bool isLarge = byteCount >= HugePage;
        void* memory = NativeMemory.AlignedAlloc((nuint)Math.Max(byteCount, 1), (nuint)(isLarge ? HugePage : CacheLine));
        if (isLarge && OperatingSystem.IsLinux())
        {
            _ = Advise(memory, (nuint)byteCount, AdviseHugePages); // only advice: a refusal changes nothing
        }

        return HostStorage.Borrow((byte*)memory, byteCount, new PanelMemory(memory), MatrixLayout.Panels);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
