using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Numbers that the generated softmax keeps in registers, in memory that stays.</summary>
/// <remarks>2ᶠ on [0, 1) is 1 + f·(C1 + f·(C2 + f·C3)): a minimax fit of the relative error, 8.6e-5, far below a bfloat16's 2e-3.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SoftmaxConstants
{
    internal float C1;
    internal float C2;
    internal float C3;
    internal float One;

    /// <summary>1 and 1 in bfloat16: a product with them is a sum.</summary>
    internal uint Ones;

    /// <summary>In place of −∞ where no key was seen: −∞ less this is −∞, less −∞ it would be NaN.</summary>
    internal float Lowest;

    /// <summary>log₂ 255: the greatest weight of a byte.</summary>
    internal float LargestByte;

    /// <summary>2²³: added, the last bits of a float are an integer.</summary>
    internal float Shift;

    /// <summary>Puts them where kernels find them until the process ends.</summary>
    internal static float* Place()
    {
        SoftmaxConstants* place = (SoftmaxConstants*)NativeMemory.Alloc((nuint)sizeof(SoftmaxConstants));
        *place = new SoftmaxConstants
        {
            C1 = 0.6951168179512024f,
            C2 = 0.22764497995376587f,
            C3 = 0.0770670548081398f,
            One = 1,
            Ones = 0x3F80_3F80,
            Lowest = float.MinValue,
            LargestByte = 7.99435343685886f,
            Shift = 8_388_608,
        };
        return (float*)place;
    }
}
