using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>The calling thread's stack for signals, made large enough for a frame with tile registers.</summary>
/// <remarks>
/// .NET turns a null dereference into an exception in a signal handler, on a stack of 16 KB that it gives each thread. The system writes
/// all registers there: with 8 KB of tiles the stack overflows and the process dies. So a thread gets a larger one before its first
/// tile instruction. The runtime unmaps a thread's signal stack, and the guard page below it, when the thread ends.
/// </remarks>
internal static unsafe partial class SignalStack
{
    private const int Bytes = 64 << 10;
    private const int Disabled = 2; // SS_DISABLE
    private const int Read = 1, Write = 2; // PROT_
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    [ThreadStatic]
    private static bool _isLarge;

    /// <summary>Bytes of the calling thread's signal stack, 0 for none.</summary>
    internal static long CurrentBytes
    {
        get
        {
            Description current;
            return Exchange(null, &current) == 0 && (current.Flags & Disabled) == 0 ? (long)current.Size : 0;
        }
    }

    /// <summary>Makes the calling thread's signal stack large, once.</summary>
    /// <exception cref="InsufficientMemoryException">The system gives no memory for it.</exception>
    internal static void Enlarge()
    {
        if (_isLarge)
        {
            return;
        }

        if (CurrentBytes < Bytes)
        {
            nuint page = (nuint)Environment.SystemPageSize;
            byte* memory = (byte*)Map(null, Bytes + page, Read | Write, PrivateAnonymous, -1, 0);
            Description wanted = new() { Start = memory + page, Size = Bytes };
            if (memory == (byte*)-1 || Protect(memory, page, 0) != 0 || Exchange(&wanted, null) != 0)
            {
                throw new InsufficientMemoryException($"A thread needs {Bytes} bytes for signals before it may use AMX; set {MachineCodeSwitch.AmxVariable}=off to do without.");
            }
        }

        _isLarge = true;
    }

    [LibraryImport("libc", EntryPoint = "sigaltstack")]
    private static partial int Exchange(Description* wanted, Description* current);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    /// <summary>stack_t.</summary>
    private struct Description
    {
        internal void* Start;
        internal int Flags;
        internal nuint Size;
    }
}
