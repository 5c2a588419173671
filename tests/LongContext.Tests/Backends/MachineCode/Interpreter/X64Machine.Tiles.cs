using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>AMX: Intel's manual, volume 1, chapter 18, and volume 2.</summary>
internal sealed unsafe partial class X64Machine
{
    private const int MostRows = 16, RowBytes = 64, Tiles = 8;

    private readonly byte* _tiles = (byte*)NativeMemory.AlignedAlloc(Tiles * MostRows * RowBytes, 64);
    private readonly (int Rows, int Bytes)[] _shapes = new (int, int)[Tiles];

    private bool AreTilesConfigured { get; set; }

    private bool TryTiles(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Ldtilecfg: Configure(Memory(i, 64), i); return true;
            case Mnemonic.Sttilecfg: StoreConfiguration(Memory(i, 64, isWritten: true)); return true;
            case Mnemonic.Tilerelease: Release(); return true;
            case Mnemonic.Tilezero: Clear(Configured(i, i.Op0Register)); return true;
            case Mnemonic.Tileloadd or Mnemonic.Tileloaddt1: LoadTile(i); return true;
            case Mnemonic.Tilestored: StoreTile(i); return true;
            case Mnemonic.Tdpbf16ps: CheckProduct(i); MultiplyBF16(i); return true;
            case Mnemonic.Tdpbssd or Mnemonic.Tdpbusd or Mnemonic.Tdpbsud or Mnemonic.Tdpbuud: CheckProduct(i); MultiplyBytes(i); return true;
            default: return false;
        }
    }

    private void Configure(byte* memory, in Instruction i)
    {
        Release();
        if (memory[0] == 0)
        {
            return;
        }

        bool isReservedUsed = memory[0] != 1 || memory[1] != 0; // a start row is for what was interrupted, which nobody here was
        for (int reserved = 2; reserved < 64; reserved++)
        {
            isReservedUsed |= (reserved is < 16 or (>= 32 and < 48) or >= 56) && memory[reserved] != 0;
        }

        if (isReservedUsed)
        {
            throw new MachineFault($"The tile configuration uses what is reserved at {i.IP:X}.");
        }

        for (int tile = 0; tile < Tiles; tile++)
        {
            (int rows, int bytes) = (memory[48 + tile], ((ushort*)memory)[8 + tile]);
            if (rows > MostRows || bytes > RowBytes || (rows == 0) != (bytes == 0))
            {
                throw new MachineFault($"Tile {tile} cannot have {rows} rows of {bytes} bytes.");
            }

            _shapes[tile] = (rows, bytes);
        }

        AreTilesConfigured = true;
    }

    private void StoreConfiguration(byte* memory)
    {
        new Span<byte>(memory, 64).Clear();
        for (int tile = 0; tile < Tiles && AreTilesConfigured; tile++)
        {
            memory[0] = 1;
            memory[48 + tile] = (byte)_shapes[tile].Rows;
            ((ushort*)memory)[8 + tile] = (ushort)_shapes[tile].Bytes;
        }
    }

    private void Release()
    {
        AreTilesConfigured = false;
        Array.Clear(_shapes);
        new Span<byte>(_tiles, Tiles * MostRows * RowBytes).Clear();
    }

    private int Configured(in Instruction i, Register register)
    {
        int tile = register - Register.TMM0;
        return AreTilesConfigured && _shapes[tile].Rows > 0 ? tile : throw new MachineFault($"{register} is not configured: {i} at {i.IP:X}.");
    }

    private byte* Row(int tile, int row) => _tiles + (((tile * MostRows) + row) * RowBytes);

    private void Clear(int tile) => new Span<byte>(Row(tile, 0), MostRows * RowBytes).Clear();

    private void LoadTile(in Instruction i)
    {
        int tile = Configured(i, i.Op0Register);
        Clear(tile);
        for (int row = 0; row < _shapes[tile].Rows; row++)
        {
            Buffer.MemoryCopy(_memory.At(RowAddress(i, row), _shapes[tile].Bytes, isWritten: false), Row(tile, row), RowBytes, _shapes[tile].Bytes);
        }
    }

    private void StoreTile(in Instruction i)
    {
        int tile = Configured(i, i.Op1Register);
        for (int row = 0; row < _shapes[tile].Rows; row++)
        {
            byte* target = _memory.At(RowAddress(i, row), _shapes[tile].Bytes, isWritten: true);
            Buffer.MemoryCopy(Row(tile, row), target, RowBytes, _shapes[tile].Bytes);
        }
    }

    /// <summary>The index register is the stride, not part of the first row's address.</summary>
    private ulong RowAddress(in Instruction i, int row)
    {
        ulong stride = i.MemoryIndex == Register.None ? 0 : General(i.MemoryIndex) * (ulong)i.MemoryIndexScale;
        return i.MemoryDisplacement64 + General(i.MemoryBase) + (stride * (ulong)row);
    }

    private void CheckProduct(in Instruction i)
    {
        (int sum, int a, int b) = (Configured(i, i.Op0Register), Configured(i, i.Op1Register), Configured(i, i.Op2Register));
        bool areDistinct = sum != a && sum != b && a != b;
        bool areWhole = (_shapes[sum].Bytes | _shapes[a].Bytes | _shapes[b].Bytes) % 4 == 0;
        bool fit = _shapes[sum].Rows == _shapes[a].Rows && _shapes[sum].Bytes == _shapes[b].Bytes && _shapes[a].Bytes / 4 == _shapes[b].Rows;
        if (!areDistinct || !areWhole || !fit)
        {
            throw new MachineFault($"The tiles' shapes do not fit: {i} at {i.IP:X}.");
        }
    }

    /// <summary>Sums of even and of odd elements apart, from zero, fused; then their sum, then that to what was there. Subnormal numbers are zero, in and out.</summary>
    private void MultiplyBF16(in Instruction i)
    {
        (int sum, int a, int b) = (i.Op0Register - Register.TMM0, i.Op1Register - Register.TMM0, i.Op2Register - Register.TMM0);
        for (int row = 0; row < _shapes[sum].Rows; row++)
        {
            (Vector512<float> even, Vector512<float> odd) = (default, default);
            for (int k = 0; k < _shapes[a].Bytes / 4; k++)
            {
                uint left = ((uint*)Row(a, row))[k];
                Vector512<uint> right = Vector512.Load((uint*)Row(b, k));
                even = Fused(Vector512.Create(left << 16), right << 16, even);
                odd = Fused(Vector512.Create(left & 0xFFFF0000), right & Vector512.Create(0xFFFF0000), odd);
            }

            float* target = (float*)Row(sum, row);
            Flush(Flush(Vector512.Load(target)) + Flush(even + odd)).Store(target);
            new Span<byte>((byte*)target + _shapes[sum].Bytes, RowBytes - _shapes[sum].Bytes).Clear();
        }
    }

    private static Vector512<float> Fused(Vector512<uint> x, Vector512<uint> y, Vector512<float> sum) =>
        Flush(Vector512.FusedMultiplyAdd(Flush(x.AsSingle()), Flush(y.AsSingle()), sum));

    /// <summary>Subnormal numbers become zeros of their sign. (A result that only rounding made normal, 2⁻¹²⁶, is kept.)</summary>
    private static Vector512<float> Flush(Vector512<float> x)
    {
        Vector512<uint> isNormal = ~Vector512.Equals(x.AsUInt32() & Vector512.Create(0x7F800000u), default);
        return (x.AsUInt32() & (isNormal | Vector512.Create(0x80000000u))).AsSingle();
    }

    private void MultiplyBytes(in Instruction i)
    {
        (int sum, int a, int b) = (i.Op0Register - Register.TMM0, i.Op1Register - Register.TMM0, i.Op2Register - Register.TMM0);
        bool isLeftSigned = i.Mnemonic is Mnemonic.Tdpbssd or Mnemonic.Tdpbsud, isRightSigned = i.Mnemonic is Mnemonic.Tdpbssd or Mnemonic.Tdpbusd;
        for (int row = 0; row < _shapes[sum].Rows; row++)
        {
            for (int k = 0; k < _shapes[a].Bytes; k++)
            {
                int left = isLeftSigned ? (sbyte)Row(a, row)[k] : Row(a, row)[k];
                for (int n = 0; n < _shapes[sum].Bytes / 4; n++)
                {
                    byte right = Row(b, k / 4)[(4 * n) + (k % 4)];
                    ((int*)Row(sum, row))[n] += left * (isRightSigned ? (sbyte)right : right);
                }
            }
        }
    }
}
