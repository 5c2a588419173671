using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>Moves between lanes and integer arithmetic in them.</summary>
internal sealed unsafe partial class X64Machine
{
    private bool TryLanes(in Instruction i, uint* result)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Vpxord: Bits(i, result, (x, y) => x ^ y); return true;
            case Mnemonic.Vpandd: Bits(i, result, (x, y) => x & y); return true;
            case Mnemonic.Vpord: Bits(i, result, (x, y) => x | y); return true;
            case Mnemonic.Vpmulld: Bits(i, result, (x, y) => x * y); return true;
            case Mnemonic.Vpsrld: Shift(i, result, (x, count) => count > 31 ? 0 : x >> count); return true;
            case Mnemonic.Vpslld: Shift(i, result, (x, count) => count > 31 ? 0 : x << count); return true;
            case Mnemonic.Vpsrad: Shift(i, result, (x, count) => (uint)((int)x >> Math.Min(count, 31))); return true;
            case Mnemonic.Vpshrdd:
                RequireZmm(i);
                uint* low = (uint*)Vector(i.Op1Register);
                uint* high = (uint*)Source(i, 2, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = (uint)((((ulong)high[lane] << 32) | low[lane]) >> (i.Immediate8 & 31));
                }

                return true;
            case Mnemonic.Vbroadcastss or Mnemonic.Vpbroadcastd:
                RequireZmm(i);
                uint element = i.Op1Kind == OpKind.Memory ? *(uint*)Memory(i, 4)
                    : i.Op1Register.IsGPR32() ? (uint)General(i.Op1Register) : *(uint*)Vector(i.Op1Register);
                new Span<uint>(result, Floats).Fill(element);
                return true;
            case Mnemonic.Vpbroadcastw when i.Op1Kind == OpKind.Memory:
                new Span<ushort>(result, Bytes(i.Op0Register) / 2).Fill(*(ushort*)Memory(i, 2));
                return true;
            case Mnemonic.Vpmovsxbd:
                RequireZmm(i);
                sbyte* bytes = (sbyte*)Source(i, 1, Floats);
                for (int lane = 0; lane < Floats; lane++)
                {
                    ((int*)result)[lane] = bytes[lane];
                }

                return true;
            case Mnemonic.Vpmovdw:
                uint* words = (uint*)Vector(i.Op1Register);
                for (int lane = 0; lane < Floats; lane++)
                {
                    ((ushort*)result)[lane] = (ushort)words[lane];
                }

                return i.Op1Register.IsZMM();
            case Mnemonic.Vpinsrw:
                Buffer.MemoryCopy(Vector(i.Op1Register), result, Whole, 16);
                ((ushort*)result)[i.Immediate8 & 7] = i.Op2Kind == OpKind.Memory ? *(ushort*)Memory(i, 2) : (ushort)General(i.Op2Register);
                return true;
            case Mnemonic.Vinserti32x4 or Mnemonic.Vinserti32x8:
                int part = i.Mnemonic == Mnemonic.Vinserti32x4 ? 16 : 32;
                Buffer.MemoryCopy(Vector(i.Op1Register), result, Whole, Bytes(i.Op0Register));
                int place = i.Immediate8 & ((Bytes(i.Op0Register) / part) - 1);
                Buffer.MemoryCopy(Source(i, 2, part), (byte*)result + (place * part), Whole, part);
                return true;
            case Mnemonic.Vpermps:
                RequireZmm(i);
                uint* choice = (uint*)Vector(i.Op1Register);
                uint* source = (uint*)Source(i, 2, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = source[choice[lane] % Floats];
                }

                return true;
            default:
                return TryShuffles(i, result);
        }
    }

    private bool TryShuffles(in Instruction i, uint* result)
    {
        if (i.Mnemonic is not (Mnemonic.Vunpcklps or Mnemonic.Vunpckhps or Mnemonic.Vshufps or Mnemonic.Vshuff32x4 or Mnemonic.Vpermilps))
        {
            return false;
        }

        RequireZmm(i);
        bool hasTwo = i.Mnemonic != Mnemonic.Vpermilps;
        if (!hasTwo && i.Op2Kind != OpKind.Immediate8)
        {
            throw Unknown(i);
        }

        uint* x = hasTwo ? (uint*)Vector(i.Op1Register) : (uint*)Source(i, 1, Whole);
        uint* y = hasTwo ? (uint*)Source(i, 2, Whole) : x;
        for (int lane = 0; lane < Floats; lane++)
        {
            (int quarter, int inside) = (lane / 4, lane % 4);
            result[lane] = i.Mnemonic switch
            {
                Mnemonic.Vunpcklps => (inside % 2 == 0 ? x : y)[(4 * quarter) + (inside / 2)],
                Mnemonic.Vunpckhps => (inside % 2 == 0 ? x : y)[(4 * quarter) + 2 + (inside / 2)],
                Mnemonic.Vshuff32x4 => (quarter < 2 ? x : y)[(4 * Choice(i, quarter)) + inside],
                _ => (inside < 2 ? x : y)[(4 * quarter) + Choice(i, inside)],
            };
        }

        return true;
    }

    private static int Choice(in Instruction i, int index) => (i.Immediate8 >> (2 * index)) & 3;

    private void Bits(in Instruction i, uint* result, Func<uint, uint, uint> operation)
    {
        RequireZmm(i);
        uint* x = (uint*)Vector(i.Op1Register);
        uint* y = (uint*)Source(i, 2, Whole);
        for (int lane = 0; lane < Floats; lane++)
        {
            result[lane] = operation(x[lane], y[lane]);
        }
    }

    private void Shift(in Instruction i, uint* result, Func<uint, int, uint> operation)
    {
        RequireZmm(i);
        if (i.Op2Kind != OpKind.Immediate8)
        {
            throw Unknown(i);
        }

        uint* source = (uint*)Source(i, 1, Whole);
        for (int lane = 0; lane < Floats; lane++)
        {
            result[lane] = operation(source[lane], i.Immediate8);
        }
    }
}
