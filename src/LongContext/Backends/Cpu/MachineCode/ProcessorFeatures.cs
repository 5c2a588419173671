using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the processor says of itself, beyond what .NET exposes.</summary>
internal static class ProcessorFeatures
{
    /// <summary>Products of bfloat16 pairs summed into floats (vdpbf16ps), on 512-bit registers that the operating system keeps.</summary>
    internal static bool HasBF16DotProducts { get; } = IsX64 && Avx512BW.IsSupported && Leaf(7, 1).Eax.HasBit(5);

    /// <summary>Products of unsigned and signed bytes summed by fours into 32-bit integers (vpdpbusd), on 512-bit registers that the operating system keeps.</summary>
    internal static bool HasByteDotProducts { get; } = IsX64 && Avx512BW.IsSupported && Avx512BW.VL.IsSupported && Leaf(7, 0).Ecx.HasBit(11);

    /// <summary>Tile registers of 16 rows of 64 bytes and their bfloat16 products (AMX); the operating system must agree, see <see cref="AmxPermission"/>.</summary>
    internal static bool HasBF16Tiles { get; } =
        HasBF16DotProducts && Leaf(7, 0).Edx.HasBit(24) && Leaf(7, 0).Edx.HasBit(22) && Leaf(0x1D, 1) is { Ebx: (8 << 16) | 64, Ecx: 16 };

    /// <summary>Made by AMD, where a bfloat16 dot product gives up to twice the products of a float FMA; on Intel's cores it gives half.</summary>
    internal static bool IsAmd { get; } = IsX64 && Leaf(0, 0) is { Ebx: 0x68747541, Edx: 0x69746E65, Ecx: 0x444D4163 }; // "AuthenticAMD"

    private static bool IsX64 => X86Base.IsSupported && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private static (int Eax, int Ebx, int Ecx, int Edx) Leaf(int leaf, int part)
    {
        (int limit, _, _, _) = leaf == 0 ? default : X86Base.CpuId(leaf, 0);
        return (leaf == 0 || leaf <= X86Base.CpuId(0, 0).Eax) && (part == 0 || part <= limit) ? X86Base.CpuId(leaf, part) : default;
    }

    private static bool HasBit(this int register, int bit) => ((register >> bit) & 1) != 0;
}
