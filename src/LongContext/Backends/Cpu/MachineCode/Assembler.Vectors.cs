namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>AVX-512 instructions, EVEX-encoded, on whole 512-bit registers unless said otherwise.</summary>
internal sealed partial class Assembler
{
    private const int Whole = 64; // bytes of a vector

    private enum Map
    {
        F0 = 1,
        F38 = 2,
        F3A = 3,
    }

    private enum Prefix
    {
        None,
        P66,
        PF3,
        PF2,
    }

    /// <summary>destination = 64 bytes of memory.</summary>
    internal void Vmovups(VectorRegister destination, Address source) => Evex(Map.F0, Prefix.None, 0x10, destination, default, source, Whole);

    /// <summary>64 bytes of memory = source.</summary>
    internal void Vmovups(Address destination, VectorRegister source) => Evex(Map.F0, Prefix.None, 0x11, source, default, destination, Whole);

    /// <summary>destination = source.</summary>
    internal void Vmovaps(VectorRegister destination, VectorRegister source) => Evex(Map.F0, Prefix.None, 0x28, destination, default, source);

    /// <summary>One float of memory = the lowest of source.</summary>
    internal void Vmovss(Address destination, VectorRegister source) =>
        Evex(Map.F0, Prefix.PF3, 0x11, source, default, destination, sizeof(float), length: 0);

    /// <summary>destination = x ^ y: with one register three times, zero.</summary>
    internal void Vpxord(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.P66, 0xEF, destination, x, y);

    /// <summary>destination = x + y, 16 floats.</summary>
    internal void Vaddps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x58, destination, x, y);

    /// <summary>destination = x + memory, 16 floats.</summary>
    internal void Vaddps(VectorRegister destination, VectorRegister x, Address y) => Evex(Map.F0, Prefix.None, 0x58, destination, x, y, Whole);

    /// <summary>destination = x + y rounded downwards, 16 floats.</summary>
    internal void VaddpsDown(VectorRegister destination, VectorRegister x, VectorRegister y) =>
        Evex(Map.F0, Prefix.None, 0x58, destination, x, y, length: 1, rounds: 1);

    /// <summary>destination = x · y, 16 floats.</summary>
    internal void Vmulps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x59, destination, x, y);

    /// <summary>destination = x · memory, 16 floats.</summary>
    internal void Vmulps(VectorRegister destination, VectorRegister x, Address y) => Evex(Map.F0, Prefix.None, 0x59, destination, x, y, Whole);

    /// <summary>destination += x · y, 16 floats, rounded once.</summary>
    internal void Vfmadd231ps(VectorRegister destination, VectorRegister x, VectorRegister y) =>
        Evex(Map.F38, Prefix.P66, 0xB8, destination, x, y);

    /// <summary>destination += x · memory, 16 floats, rounded once.</summary>
    internal void Vfmadd231ps(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.P66, 0xB8, destination, x, y, Whole);

    /// <summary>destination = the 32 bits in memory, 16 times.</summary>
    internal void Vpbroadcastd(VectorRegister destination, Address source) =>
        Evex(Map.F38, Prefix.P66, 0x58, destination, default, source, sizeof(int));

    /// <summary>destination = x − y, 16 floats.</summary>
    internal void Vsubps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x5C, destination, x, y);

    /// <summary>destination = the greater of x and y, 16 floats; y where one of them is NaN.</summary>
    internal void Vmaxps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F0, Prefix.None, 0x5F, destination, x, y);

    /// <summary>The same with 64 bytes of memory.</summary>
    internal void Vmaxps(VectorRegister destination, VectorRegister x, Address y) => Evex(Map.F0, Prefix.None, 0x5F, destination, x, y, Whole);

    /// <summary>destination = destination · x + y, rounded once, 16 floats.</summary>
    internal void Vfmadd213ps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F38, Prefix.P66, 0xA8, destination, x, y);

    /// <summary>destination = destination · x + memory, rounded once, 16 floats.</summary>
    internal void Vfmadd213ps(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.P66, 0xA8, destination, x, y, Whole);

    /// <summary>destination = source − floor(source), 16 floats; 0 for an infinity.</summary>
    internal void VreducepsFloor(VectorRegister destination, VectorRegister source)
    {
        Evex(Map.F3A, Prefix.P66, 0x56, destination, default, source);
        Byte(0x09); // no bits of a fraction kept, downwards, no exception for the lost ones
    }

    /// <summary>destination = source − floor(16 · source) / 16, 16 floats; 0 for an infinity.</summary>
    internal void VreducepsSixteenth(VectorRegister destination, VectorRegister source)
    {
        Evex(Map.F3A, Prefix.P66, 0x56, destination, default, source);
        Byte(0x49); // four bits of a fraction kept
    }

    /// <summary>destination = x · 2^floor(y), 16 floats; 0 for y = −∞.</summary>
    internal void Vscalefps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F38, Prefix.P66, 0x2C, destination, x, y);

    /// <summary>destination = quarters of x, then of y, chosen by two bits each.</summary>
    internal void Vshuff32x4(VectorRegister destination, VectorRegister x, VectorRegister y, byte choice)
    {
        Evex(Map.F3A, Prefix.P66, 0x23, destination, x, y);
        Byte(choice);
    }

    /// <summary>destination = floats of source, within each quarter chosen by two bits each.</summary>
    internal void Vpermilps(VectorRegister destination, VectorRegister source, byte choice)
    {
        Evex(Map.F3A, Prefix.P66, 0x04, destination, default, source);
        Byte(choice);
    }

    /// <summary>destination = the float in memory, 16 times.</summary>
    internal void Vbroadcastss(VectorRegister destination, Address source) =>
        Evex(Map.F38, Prefix.P66, 0x18, destination, default, source, sizeof(float));

    /// <summary>Lower half of destination = the 16-bit number in memory, 16 times.</summary>
    internal void Vpbroadcastw(VectorRegister destination, Address source) =>
        Evex(Map.F38, Prefix.P66, 0x79, destination, default, source, sizeof(short), length: 1);

    /// <summary>destination = 16 signed bytes of memory, widened to 32 bits.</summary>
    internal void Vpmovsxbd(VectorRegister destination, Address source) =>
        Evex(Map.F38, Prefix.P66, 0x21, destination, default, source, Whole / 4);

    /// <summary>destination = 16 32-bit integers as floats.</summary>
    internal void Vcvtdq2ps(VectorRegister destination, VectorRegister source) => Evex(Map.F0, Prefix.None, 0x5B, destination, default, source);

    /// <summary>destination = 16 binary16 numbers of source's lower half, as floats.</summary>
    internal void Vcvtph2ps(VectorRegister destination, VectorRegister source) => Evex(Map.F38, Prefix.P66, 0x13, destination, default, source);

    /// <summary>destination = 32 floats rounded to bfloat16: memory in the lower half, <paramref name="upper"/> in the upper.</summary>
    internal void Vcvtne2ps2bf16(VectorRegister destination, VectorRegister upper, Address lower) =>
        Evex(Map.F38, Prefix.PF2, 0x72, destination, upper, lower, Whole);

    /// <summary>destination = 32 floats rounded to bfloat16: <paramref name="lower"/>'s in the lower half.</summary>
    internal void Vcvtne2ps2bf16(VectorRegister destination, VectorRegister upper, VectorRegister lower) =>
        Evex(Map.F38, Prefix.PF2, 0x72, destination, upper, lower);

    /// <summary>destination[i] += x[2i] · y[2i] + x[2i + 1] · y[2i + 1], bfloat16 into 16 floats.</summary>
    internal void Vdpbf16ps(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F38, Prefix.PF3, 0x52, destination, x, y);

    /// <summary>The same with 64 bytes of memory.</summary>
    internal void Vdpbf16ps(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.PF3, 0x52, destination, x, y, Whole);

    /// <summary>The same with one pair of memory for all lanes.</summary>
    internal void Vdpbf16psBroadcast(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.PF3, 0x52, destination, x, y, sizeof(float), broadcast: 1);

    /// <summary>destination[i] += four unsigned bytes of x · four signed bytes of y, into 16 32-bit integers.</summary>
    internal void Vpdpbusd(VectorRegister destination, VectorRegister x, VectorRegister y) => Evex(Map.F38, Prefix.P66, 0x50, destination, x, y);

    /// <summary>The same with 64 bytes of memory.</summary>
    internal void Vpdpbusd(VectorRegister destination, VectorRegister x, Address y) =>
        Evex(Map.F38, Prefix.P66, 0x50, destination, x, y, Whole);

    /// <summary>Clears the upper parts of the vector registers: what follows may be older code that stalls on them.</summary>
    internal void Vzeroupper()
    {
        Byte(0xC5);
        Byte(0xF8);
        Byte(0x77);
    }

    /// <summary>Registers only; where it <paramref name="rounds"/> as no other instruction does, the length's bits say how: 1 is downwards.</summary>
    private void Evex(
        Map map, Prefix prefix, int opcode, VectorRegister register, VectorRegister first, VectorRegister second, int length = 2, int rounds = 0)
    {
        (int r, int s) = (register.Number, second.Number);
        EvexBytes(map, prefix, r, first.Number, Inverted(s, 4), Inverted(s, 3), length, rounds);
        Byte(opcode);
        Operands(r, s);
    }

    private void Evex(
        Map map, Prefix prefix, int opcode, VectorRegister register, VectorRegister first, Address address, int unit, int length = 2,
        int broadcast = 0)
    {
        int r = register.Number;
        EvexBytes(map, prefix, r, first.Number, Inverted(IndexOf(address), 3), Inverted((int)address.Base, 3), length, broadcast);
        Byte(opcode);
        Operands(r, address, unit);
    }

    private void EvexBytes(Map map, Prefix prefix, int register, int first, int x, int b, int length, int broadcast)
    {
        Byte(0x62);
        Byte((Inverted(register, 3) << 7) | (x << 6) | (b << 5) | (Inverted(register, 4) << 4) | (int)map);
        Byte(((~first & 15) << 3) | 4 | (int)prefix);
        Byte((length << 5) | (broadcast << 4) | (Inverted(first, 4) << 3));
    }
}
