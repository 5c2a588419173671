using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Whether this process may use tile registers: Linux saves them only for who asks.</summary>
/// <remarks>
/// Asked for once, for the whole process. The kernel refuses where a thread's signal stack is too small for the larger signal frame;
/// .NET's own, of 16 KB, just pass, and <see cref="SignalStack"/> makes room before tiles are used.
/// </remarks>
internal static unsafe partial class AmxPermission
{
    private const long ArchPrctl = 158; // the system call's number on x86-64
    private const long RequestPermission = 0x1023; // ARCH_REQ_XCOMP_PERM
    private const long TileData = 18; // the number of the tiles' state
    private const uint TileStates = (1u << 17) | (1u << 18);

    private static readonly Lazy<bool> Granted = new(Request);

    /// <summary>Whether the processor has tiles and the system lets this process use them; asks at the first call.</summary>
    internal static bool IsGranted => ExecutableMemory.IsSupported && ProcessorFeatures.HasBF16Tiles && Granted.Value;

    /// <summary>The states that the operating system saves for processes: XCR0, or 0 where it cannot be read.</summary>
    internal static uint SavedStates()
    {
        Assembler code = new();
        code.Mov(GeneralRegister.Rcx, 0);
        code.Xgetbv();
        code.Ret();
        void* entry = ExecutableMemory.Place(code.Assemble());
        return entry == null ? 0 : (uint)((delegate* unmanaged<ulong>)entry)();
    }

    private static bool Request() =>
        (SavedStates() & TileStates) == TileStates && SystemCall(ArchPrctl, RequestPermission, TileData) == 0;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long first, long second);
}
