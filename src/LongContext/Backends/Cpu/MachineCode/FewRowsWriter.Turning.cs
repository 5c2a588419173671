using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Bytes of 16 weight rows turned, so that lanes are outputs.</summary>
internal sealed partial class FewRowsWriter
{
    /// <summary>A binary16 of each weight row, as floats.</summary>
    private void HalfFloats(VectorRegister destination, int offset)
    {
        foreach ((VectorRegister half, int start) in new[] { (Low, 0), (High, 8) })
        {
            _a.Vpbroadcastw(half, W(start, offset));
            for (int output = 1; output < 8; output++)
            {
                _a.Vpinsrw(half, half, W(start + output, offset), output);
                if (output % 2 != 0)
                {
                    Ask();
                }
            }
        }

        _a.Vinserti32x4Half(Low, Low, High);
        _a.Vcvtph2ps(destination, Low);
    }

    /// <summary>32 bytes of each weight row, turned: register i of the result has bytes 4i to 4i + 3 of all rows. Takes registers 16 to 24.</summary>
    private VectorRegister[] TurnHalves(int offset)
    {
        for (int i = 0; i < 8; i++)
        {
            int output = (i / 4 * 8) + (i % 4);
            VectorRegister two = new(16 + i);
            _a.VmovupsHalf(two, W(output, offset));
            _a.Vinserti32x8(two, two, W(output + 4, offset), 1);
            Ask();
        }

        // Quarters of the first four registers: rows 0 to 3, bytes 0 to 15 and 16 to 31; then the same of rows 4 to 7. The others: rows 8 to 15.
        (VectorRegister[] upper, VectorRegister free) = TurnQuarters(16, new VectorRegister(24));
        (VectorRegister[] lower, free) = TurnQuarters(20, free);
        VectorRegister[] turned = new VectorRegister[8];
        for (int i = 0; i < 4; i++)
        {
            _a.Vshuff32x4(free, upper[i], lower[i], 0b10_00_10_00);
            _a.Vshuff32x4(lower[i], upper[i], lower[i], 0b11_01_11_01);
            (turned[i], turned[4 + i], free) = (free, lower[i], upper[i]);
        }

        return turned;
    }

    /// <summary>The one of registers 16 to 24 that is not among those turned.</summary>
    private static VectorRegister Spare(VectorRegister[] turned) =>
        Enumerable.Range(16, 9).Select(number => new VectorRegister(number)).Single(register => !turned.Contains(register));

    /// <summary>16 bytes of each weight row, turned: register i of the result has bytes 4i to 4i + 3 of all rows. Takes registers 16 to 20; 17 is free after.</summary>
    private VectorRegister[] TurnQuarters(int offset)
    {
        for (int i = 0; i < 4; i++)
        {
            VectorRegister four = new(16 + i);
            _a.VmovupsQuarter(four, W(i, offset));
            for (int quarter = 1; quarter < 4; quarter++)
            {
                _a.Vinserti32x4(four, four, W((4 * quarter) + i, offset), quarter);
            }

            Ask();
        }

        return TurnQuarters(16, new VectorRegister(20)).Turned;
    }

    /// <summary>Turns four registers, four by four numbers in every quarter of them; one of them is free after.</summary>
    private (VectorRegister[] Turned, VectorRegister Free) TurnQuarters(int start, VectorRegister free)
    {
        (VectorRegister r0, VectorRegister r1, VectorRegister r2, VectorRegister r3) = (new(start), new(start + 1), new(start + 2), new(start + 3));
        _a.Vunpcklps(free, r0, r1);
        _a.Vunpckhps(r1, r0, r1);
        _a.Vunpcklps(r0, r2, r3);
        _a.Vunpckhps(r3, r2, r3);
        _a.Vshufps(r2, free, r0, 0b01_00_01_00);
        _a.Vshufps(r0, free, r0, 0b11_10_11_10);
        _a.Vshufps(free, r1, r3, 0b01_00_01_00);
        _a.Vshufps(r3, r1, r3, 0b11_10_11_10);
        return ([r2, r0, free, r3], r1);
    }

    /// <summary>16 times a constant that the code carries.</summary>
    private void Broadcast(VectorRegister destination, uint value)
    {
        _a.Mov(R14, unchecked((int)value));
        _a.Vpbroadcastd(destination, R14);
    }
}
