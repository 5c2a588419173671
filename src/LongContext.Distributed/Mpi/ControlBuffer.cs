using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Distributed.Mpi;

/// <summary>Memory of one control message, on its way out or in. Pooled; never freed while MPI may use it.</summary>
internal sealed unsafe class ControlBuffer(MpiPost post) : IMpiRequestOwner
{
    /// <summary>Most counts of an unequal AllGather that are told, for messages; all of them are in the hash.</summary>
    internal const int MostCounts = 64;

    /// <summary>Longest block that goes with its header.</summary>
    internal const int MostPayload = 16 * 1024;

    /// <summary>Longest message.</summary>
    internal static readonly int Bytes = sizeof(ControlHeader) + (MostCounts * sizeof(long)) + MostPayload;

    private readonly byte* _memory = (byte*)NativeMemory.AllocZeroed((nuint)Bytes);

    internal nint Address => (nint)_memory;

    /// <summary>World rank at the other end.</summary>
    internal int Peer { get; set; }

    /// <summary>On its way in.</summary>
    internal bool IsIncoming { get; set; }

    internal ref ControlHeader Header => ref Unsafe.AsRef<ControlHeader>(_memory);

    /// <summary>The counts that follow the header.</summary>
    internal Span<long> Counts => new(_memory + sizeof(ControlHeader), Header.CountEntries);

    /// <summary>What follows the counts.</summary>
    internal Span<byte> Payload => new(_memory + sizeof(ControlHeader) + (Header.CountEntries * sizeof(long)), Header.PayloadBytes);

    /// <inheritdoc/>
    public void Completed(int slot, in MpiCompletion completion) => post.Completed(this, completion);

    /// <summary>Completes a header whose numbers of counts and payload bytes are set.</summary>
    internal void Seal()
    {
        Header.Magic = ControlHeader.ExpectedMagic;
        Header.TotalBytes = WholeBytes;
    }

    /// <summary>Whether <paramref name="received"/> bytes are a whole message that stays inside this memory.</summary>
    internal bool IsWhole(int received) =>
        received >= sizeof(ControlHeader)
        && Header.Magic == ControlHeader.ExpectedMagic
        && Header.CountEntries <= MostCounts && (uint)Header.PayloadBytes <= MostPayload
        && Header.TotalBytes == received && received == WholeBytes;

    internal void Free() => NativeMemory.Free(_memory);

    private int WholeBytes => sizeof(ControlHeader) + (Header.CountEntries * sizeof(long)) + Header.PayloadBytes;
}
