namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>AMX tile instructions, VEX-encoded.</summary>
internal sealed partial class Assembler
{
    /// <summary>Configures the tiles by 64 bytes of memory: palette, rows and bytes a row of each.</summary>
    internal void Ldtilecfg(Address source)
    {
        Vex(Prefix.None, 0, 0, IndexOf(source), (int)source.Base);
        Byte(0x49);
        Operands(0, source);
    }

    /// <summary>Puts the tiles out of use: the operating system saves less.</summary>
    internal void Tilerelease()
    {
        Vex(Prefix.None, 0, 0, 0, 0);
        Byte(0x49);
        Operands(0, 0);
    }

    /// <summary>tile = 0.</summary>
    internal void Tilezero(TileRegister tile)
    {
        Vex(Prefix.PF2, tile.Number, 0, 0, 0);
        Byte(0x49);
        Operands(tile.Number, 0);
    }

    /// <summary>tile = rows of memory, base + row · index apart (the index register holds the stride).</summary>
    internal void Tileloadd(TileRegister tile, Address source) => TileMemory(Prefix.PF2, tile, source);

    /// <summary>Rows of memory, index apart, = tile.</summary>
    internal void Tilestored(Address destination, TileRegister tile) => TileMemory(Prefix.PF3, tile, destination);

    /// <summary>sum += a · b, bfloat16 pairs into floats; b holds pairs of rows.</summary>
    internal void Tdpbf16ps(TileRegister sum, TileRegister a, TileRegister b) => Tiles(Prefix.PF3, 0x5C, sum, a, b);

    /// <summary>sum += a · b, fours of signed bytes into 32-bit integers; b holds fours of rows.</summary>
    internal void Tdpbssd(TileRegister sum, TileRegister a, TileRegister b) => Tiles(Prefix.PF2, 0x5E, sum, a, b);

    private void TileMemory(Prefix prefix, TileRegister tile, Address address)
    {
        Vex(prefix, tile.Number, 0, IndexOf(address), (int)address.Base);
        Byte(0x4B);
        Operands(tile.Number, address, withIndexByte: true);
    }

    private void Tiles(Prefix prefix, int opcode, TileRegister sum, TileRegister a, TileRegister b)
    {
        if (sum == a || sum == b || a == b)
        {
            throw new ArgumentException("The three tiles must differ.", nameof(sum));
        }

        Vex(prefix, sum.Number, b.Number, 0, a.Number);
        Byte(opcode);
        Operands(sum.Number, a.Number);
    }

    /// <summary>The three-byte prefix, 128 bits, map 0F38.</summary>
    private void Vex(Prefix prefix, int register, int first, int index, int other)
    {
        Byte(0xC4);
        Byte((Inverted(register, 3) << 7) | (Inverted(index, 3) << 6) | (Inverted(other, 3) << 5) | (int)Map.F38);
        Byte(((~first & 15) << 3) | (int)prefix);
    }
}
