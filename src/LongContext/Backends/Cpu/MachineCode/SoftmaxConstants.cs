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

    /// <summary>1.5 · 2¹⁹: added, the last bits of a float are an integer of sixteenths.</summary>
    internal float SixteenthShift;

    /// <summary>On [0, 1/16] 2ᶠ is <see cref="Sixteenths"/>' first · (f + this): a minimax fit of the relative error, 1.2e-4, far below a byte's 2e-3.</summary>
    internal float Inverse;

    /// <summary>The powers of 2 from one sixteenth to the next, each times the slope of 2ᶠ above.</summary>
    internal fixed float Sixteenths[16];

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
            SixteenthShift = 786_432,
            Inverse = 1.4116706848144531f,
        };
        for (int i = 0; i < 16; i++)
        {
            place->Sixteenths[i] = (float)(0.708297429316499 * Math.Pow(2, i / 16.0));
        }

        return (float*)place;
    }
}
