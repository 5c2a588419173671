namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Moves between lanes and integer arithmetic in them, EVEX-encoded, on whole 512-bit registers unless said otherwise.</summary>
internal sealed partial class Assembler
{
    /// <summary>Lower half of destination = 32 bytes of memory, upper half 0.</summary>
    internal void VmovupsHalf(VectorRegister destination, Address source) =>
        Evex(Map.F0, Prefix.None, 0x10, destination, default, source, Whole / 2, length: 1);

    /// <summary>Lowest quarter of destination = 16 bytes of memory, the rest 0.</summary>
    internal void VmovupsQuarter(VectorRegister destination, Address source) =>
        Evex(Map.F0, Prefix.None, 0x10, destination, default, source, Whole / 4, length: 0);

    /// <summary>16 bytes of memory = lowest quarter of source.</summary>
    internal void VmovupsQuarter(Address destination, VectorRegister source) =>
        Evex(Map.F0, Prefix.None, 0x11, source, default, destination, Whole / 4, length: 0);

    /// <summary>destination = x with 32 bytes of memory as its half <paramref name="half"/>.</summary>
    internal void Vinserti32x8(VectorRegister destination, VectorRegister x, Address source, int half)
    {
        Evex(Map.F3A, Prefix.P66, 0x3A, destination, x, source, Whole / 2);
        Byte(half);
    }

    /// <summary>destination = x with 16 bytes of memory as its quarter <paramref name="quarter"/>.</summary>
    internal void Vinserti32x4(VectorRegister destination, VectorRegister x, Address source, int quarter)
    {
        Evex(Map.F3A, Prefix.P66, 0x38, destination, x, source, Whole / 4);
        Byte(quarter);
    }

    /// <summary>Lower half of destination = the lowest quarter of x, then that of y.</summary>
    internal void Vinserti32x4Half(VectorRegister destination, VectorRegister x, VectorRegister y)
    {
        Evex(Map.F3A, Prefix.P66, 0x38, destination, x, y, length: 1);
        Byte(1);
    }

    /// <summary>Lowest quarter of destination = that of x with the 16-bit number in memory as its word <paramref name="word"/>.</summary>
    internal void Vpinsrw(VectorRegister destination, VectorRegister x, Address source, int word)
    {
        Evex(Map.F0, Prefix.P66, 0xC4, destination, x, source, sizeof(short), length: 0);
        Byte(word);
    }

    /// <summary>destination = source's lower 32 bits, 16 times.</summary>
    internal void Vpbroadcastd(VectorRegister destination, GeneralRegister source) =>
        Evex(Map.F38, Prefix.P66, 0x7C, destination, default, new VectorRegister((int)source));

    /// <summary>In every quarter: x's lower two 32-bit numbers between y's.</summary>
    internal void Vunpcklps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x14, destination, x, y);

    /// <summary>In every quarter: x's upper two 32-bit numbers between y's.</summary>
    internal void Vunpckhps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x15, destination, x, y);

    /// <summary>In every quarter: two 32-bit numbers of x, then two of y, chosen by two bits each.</summary>
    internal void Vshufps(VectorRegister destination, VectorRegister x, VectorRegister y, int choice)
    {
        Evex(Map.F0, Prefix.None, 0xC6, destination, x, y);
        Byte(choice);
    }

    /// <summary>Two quarters of x, then two of y, chosen by two bits each.</summary>
    internal void Vshuff32x4(VectorRegister destination, VectorRegister x, VectorRegister y, int choice)
    {
        Evex(Map.F3A, Prefix.P66, 0x23, destination, x, y);
        Byte(choice);
    }

    /// <summary>destination = floats of source, chosen by the last four bits of each lane of choice.</summary>
    internal void Vpermps(VectorRegister destination, VectorRegister choice, VectorRegister source) =>
        Evex(Map.F38, Prefix.P66, 0x16, destination, choice, source);

    /// <summary>Lower half of destination = the lower halves of source's 16 32-bit numbers.</summary>
    internal void Vpmovdw(VectorRegister destination, VectorRegister source) => Evex(Map.F38, Prefix.PF3, 0x33, source, default, destination);

    /// <summary>destination = x &amp; y.</summary>
    internal void Vpandd(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.P66, 0xDB, destination, x, y);

    /// <summary>destination = x | y.</summary>
    internal void Vpord(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.P66, 0xEB, destination, x, y);

    /// <summary>destination = source shifted right by <paramref name="count"/>, 32-bit numbers, zeros coming in.</summary>
    internal void Vpsrld(VectorRegister destination, VectorRegister source, int count)
    {
        Evex(Map.F0, Prefix.P66, 0x72, new VectorRegister(2), destination, source);
        Byte(count);
    }

    /// <summary>destination = source shifted left by <paramref name="count"/>, 32-bit numbers.</summary>
    internal void Vpslld(VectorRegister destination, VectorRegister source, int count)
    {
        Evex(Map.F0, Prefix.P66, 0x72, new VectorRegister(6), destination, source);
        Byte(count);
    }

    /// <summary>destination = source shifted right by <paramref name="count"/>, 32-bit signed numbers.</summary>
    internal void Vpsrad(VectorRegister destination, VectorRegister source, int count)
    {
        Evex(Map.F0, Prefix.P66, 0x72, new VectorRegister(4), destination, source);
        Byte(count);
    }

    /// <summary>destination = 32-bit numbers from the middle of 64: <paramref name="low"/>'s shifted right, <paramref name="high"/>'s bits coming in.</summary>
    internal void Vpshrdd(VectorRegister destination, VectorRegister low, VectorRegister high, int count)
    {
        Evex(Map.F3A, Prefix.P66, 0x73, destination, low, high);
        Byte(count);
    }

    /// <summary>destination = lower halves of x · y, 32-bit numbers.</summary>
    internal void Vpmulld(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F38, Prefix.P66, 0x40, destination, x, y);

    /// <summary>destination[i] += four unsigned bytes of x[i] · the four signed bytes in memory, into 16 32-bit integers.</summary>
    internal void VpdpbusdBroadcast(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.P66, 0x50, destination, x, y, sizeof(int), broadcast: 1);

    /// <summary>destination = x · the float in memory.</summary>
    internal void VmulpsBroadcast(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F0, Prefix.None, 0x59, destination, x, y, sizeof(float), broadcast: 1);

    /// <summary>destination += x · the float in memory, rounded once.</summary>
    internal void Vfmadd231psBroadcast(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.P66, 0xB8, destination, x, y, sizeof(float), broadcast: 1);
}
