using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Code in memory that may run and can no longer be written; kept until the process ends.</summary>
/// <remarks>Linux on x86-64. Never writable and executable at once: filled first, then turned over.</remarks>
internal static unsafe partial class ExecutableMemory
{
    private const int Read = 1, Write = 2, Execute = 4; // PROT_
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    /// <summary>Whether this platform is one that <see cref="Place"/> knows.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Copies <paramref name="code"/> to executable pages of its own.</summary>
    /// <returns>Its first byte, or null where the platform is another or the system refuses.</returns>
    internal static void* Place(ReadOnlySpan<byte> code)
    {
        if (!IsSupported || code.IsEmpty)
        {
            return null;
        }

        nuint length = (nuint)code.Length;
        void* memory = Map(null, length, Read | Write, PrivateAnonymous, -1, 0);
        if (memory == (void*)-1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(memory, code.Length));
        if (Protect(memory, length, Read | Execute) != 0)
        {
            _ = Unmap(memory, length);
            return null;
        }

        return memory;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
