using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>AVX-512 on whole registers: what is written is zero above what the instruction gives.</summary>
internal sealed unsafe partial class X64Machine
{
    private const int Whole = 64, Floats = 16;

    private bool TryVectors(in Instruction i)
    {
        byte* result = stackalloc byte[Whole];
        new Span<byte>(result, Whole).Clear();
        float* floats = (float*)result;
        uint* bits = (uint*)result;
        switch (i.Mnemonic)
        {
            case Mnemonic.Vzeroupper:
                for (int register = 0; register < 16; register++)
                {
                    new Span<byte>(_vectors + (register * Whole) + 16, Whole - 16).Clear();
                }

                return true;
            case Mnemonic.Vmovups when i.Op0Kind == OpKind.Memory:
                Buffer.MemoryCopy(Vector(i.Op1Register), Memory(i, Bytes(i.Op1Register), isWritten: true), Whole, Bytes(i.Op1Register));
                return true;
            case Mnemonic.Vmovss when i.Op0Kind == OpKind.Memory:
                *(float*)Memory(i, sizeof(float), isWritten: true) = *(float*)Vector(i.Op1Register);
                return true;
            case Mnemonic.Vpmovdw when i.Op0Kind == OpKind.Memory:
                return false;
            case Mnemonic.Vmovups or Mnemonic.Vmovaps when i.Op0Kind == OpKind.Register:
                Buffer.MemoryCopy(Source(i, 1, Bytes(i.Op0Register)), result, Whole, Bytes(i.Op0Register));
                break;
            default:
                if (i.OpCount < 2 || !(TryFloats(i, floats) || TryRounding(i, bits) || TryLanes(i, bits)))
                {
                    return false;
                }

                break;
        }

        Buffer.MemoryCopy(result, Vector(i.Op0Register), Whole, Whole);
        return true;
    }

    private bool TryFloats(in Instruction i, float* result)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Vaddps when i.RoundingControl == RoundingControl.RoundDown: Binary(i, result, SumDown); return true;
            case Mnemonic.Vaddps: Binary(i, result, (x, y) => x + y); return true;
            case Mnemonic.Vsubps: Binary(i, result, (x, y) => x - y); return true;
            case Mnemonic.Vmulps: Binary(i, result, (x, y) => x * y); return true;
            case Mnemonic.Vmaxps: Binary(i, result, (x, y) => x > y ? x : y); return true;
            case Mnemonic.Vscalefps: Binary(i, result, Scale); return true;
            case Mnemonic.Vfmadd231ps or Mnemonic.Vfmadd213ps:
                RequireZmm(i);
                float* x = (float*)Vector(i.Op0Register);
                float* y = (float*)Vector(i.Op1Register);
                float* z = (float*)Source(i, 2, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = i.Mnemonic == Mnemonic.Vfmadd231ps
                        ? MathF.FusedMultiplyAdd(y[lane], z[lane], x[lane])
                        : MathF.FusedMultiplyAdd(y[lane], x[lane], z[lane]);
                }

                return true;
            case Mnemonic.Vreduceps when i.Immediate8 is 9 or 0x49:
                RequireZmm(i);
                float* source = (float*)Source(i, 1, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = FractionAboveFloor(source[lane], 1 << (i.Immediate8 >> 4));
                }

                return true;
            case Mnemonic.Vcvtdq2ps:
                RequireZmm(i);
                int* integers = (int*)Source(i, 1, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = integers[lane];
                }

                return true;
            case Mnemonic.Vcvtph2ps:
                RequireZmm(i);
                Half* halves = (Half*)Source(i, 1, Whole / 2);
                for (int lane = 0; lane < Floats; lane++)
                {
                    result[lane] = (float)halves[lane];
                }

                return true;
            default:
                return false;
        }
    }

    private bool TryRounding(in Instruction i, uint* result)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Vcvtne2ps2bf16:
                RequireZmm(i);
                float* upper = (float*)Vector(i.Op1Register);
                float* lower = (float*)Source(i, 2, Whole);
                for (int lane = 0; lane < 2 * Floats; lane++)
                {
                    ((ushort*)result)[lane] = NearestBF16(lane < Floats ? lower[lane] : upper[lane - Floats]);
                }

                return true;
            case Mnemonic.Vdpbf16ps:
                RequireZmm(i);
                float* sum = (float*)Vector(i.Op0Register);
                uint* x = (uint*)Vector(i.Op1Register);
                uint* y = (uint*)Source(i, 2, Whole);
                for (int lane = 0; lane < Floats; lane++)
                {
                    float odd = Flush(MathF.FusedMultiplyAdd(Element(x[lane] & 0xFFFF0000), Element(y[lane] & 0xFFFF0000), Flush(sum[lane])));
                    ((float*)result)[lane] = Flush(MathF.FusedMultiplyAdd(Element(x[lane] << 16), Element(y[lane] << 16), odd));
                }

                return true;
            case Mnemonic.Vpdpbusd:
                RequireZmm(i);
                uint* sums = (uint*)Vector(i.Op0Register);
                byte* left = Vector(i.Op1Register);
                sbyte* right = (sbyte*)Source(i, 2, Whole);
                for (int lane = 0; lane < Whole; lane++)
                {
                    result[lane / 4] += (lane % 4 == 0 ? sums[lane / 4] : 0) + (uint)(left[lane] * right[lane]);
                }

                return true;
            default:
                return false;
        }
    }

    private static float Element(uint bits) => Flush(BitConverter.UInt32BitsToSingle(bits));

    private static float Flush(float x) => float.IsSubnormal(x) ? MathF.CopySign(0, x) : x;

    private static ushort NearestBF16(float value)
    {
        double cut = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000);
        ushort bits = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        if (float.IsNaN(value))
        {
            return (ushort)(bits | 0x40);
        }

        if (float.IsSubnormal(value) || value == 0 || float.IsInfinity(value))
        {
            return (ushort)(float.IsInfinity(value) ? bits : bits & 0x8000);
        }

        double ulp = Math.ScaleB(1, Math.Max(Math.ILogB(value), -126) - 7); // a bfloat16 has 8 bits
        double error = Math.Abs(value - cut);
        return error * 2 > ulp || (error * 2 == ulp && bits % 2 != 0) ? (ushort)(bits + 1) : bits;
    }

    /// <summary>x · 2^floor(y), rounded once.</summary>
    private static float Scale(float x, float y) =>
        float.IsNaN(x) || float.IsNaN(y) ? float.NaN
        : float.IsNegativeInfinity(y) ? (float.IsInfinity(x) ? float.NaN : MathF.CopySign(0, x))
        : float.IsPositiveInfinity(y) ? (x == 0 ? float.NaN : MathF.CopySign(float.PositiveInfinity, x))
        : (float)Math.ScaleB(x, (int)Math.Clamp(MathF.Floor(y), -600, 600));

    /// <summary>x − floor(x), or what is above a whole number of smaller parts; this too is rounded downwards, so x − x is −0 and never 1.</summary>
    private static float FractionAboveFloor(float x, int parts)
    {
        if (!float.IsFinite(x))
        {
            return float.IsInfinity(x) ? 0 : x;
        }

        double floor = Math.Floor((double)x * parts) / parts, sum = x - floor, lost = x - (sum + floor); // what a double cannot hold of the sum
        float fraction = (float)sum;
        fraction = fraction > sum || (fraction == sum && lost < 0) ? MathF.BitDecrement(fraction) : fraction;
        return fraction == 0 ? -0f : fraction;
    }

    private static float SumDown(float x, float y)
    {
        if (!float.IsFinite(x) || !float.IsFinite(y))
        {
            return x + y;
        }

        double sum = (double)x + y, part = sum - x, lost = (x - (sum - part)) + (y - part);
        float rounded = (float)sum;
        rounded = rounded > sum || (rounded == sum && lost < 0) ? MathF.BitDecrement(rounded) : rounded;
        return rounded == 0 && !(float.IsPositive(x) && float.IsPositive(y)) ? -0f : rounded;
    }

    private void Binary(in Instruction i, float* result, Func<float, float, float> operation)
    {
        RequireZmm(i);
        float* x = (float*)Vector(i.Op1Register);
        float* y = (float*)Source(i, 2, Whole);
        for (int lane = 0; lane < Floats; lane++)
        {
            result[lane] = operation(x[lane], y[lane]);
        }
    }

    private byte* Vector(Register register) =>
        register.IsVectorRegister() ? _vectors + (register.GetNumber() * Whole) : throw new MachineFault($"Not a vector register: {register}.");

    private static int Bytes(Register register) => register.IsZMM() ? Whole : register.IsYMM() ? Whole / 2 : Whole / 4;

    private static void RequireZmm(in Instruction i)
    {
        if (!i.Op0Register.IsZMM())
        {
            throw Unknown(i);
        }
    }

    private readonly uint[] _broadcast = GC.AllocateArray<uint>(Floats, pinned: true);

    /// <summary>A register, or so many bytes of memory, or one element of memory for every lane.</summary>
    private byte* Source(in Instruction i, int operand, int bytes)
    {
        if (i.GetOpKind(operand) == OpKind.Register)
        {
            return Vector(i.GetOpRegister(operand));
        }

        if (!i.IsBroadcast)
        {
            return Memory(i, bytes);
        }

        Array.Fill(_broadcast, *(uint*)Memory(i, sizeof(uint)));
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _broadcast[0]);
    }
}
