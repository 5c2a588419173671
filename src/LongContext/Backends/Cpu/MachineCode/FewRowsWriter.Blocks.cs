using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One block of each format: turned, unpacked, multiplied.</summary>
internal sealed partial class FewRowsWriter
{
    private void StepQ8_0()
    {
        VectorRegister[] codes = TurnHalves(2);
        Broadcast(Mask, 0x80808080);
        foreach (VectorRegister four in codes)
        {
            _a.Vpxord(four, four, Mask); // signed to unsigned
        }

        HalfFloats(Scale, 0);
        Products(0, codes, hasMinimum: false);
    }

    private void StepQ4_0()
    {
        VectorRegister[] low = TurnQuarters(2);
        VectorRegister[] high = [new(17), new(21), new(22), new(23)];
        Broadcast(Mask, 0x0F0F0F0F);
        for (int four = 0; four < 4; four++)
        {
            _a.Vpsrld(high[four], low[four], 4);
            _a.Vpandd(high[four], high[four], Mask);
            _a.Vpandd(low[four], low[four], Mask);
        }

        HalfFloats(Scale, 0);
        Products(0, [.. low, .. high], hasMinimum: false);
    }

    private void StepQ4_K()
    {
        SixBitFactors();
        for (int pair = 0; pair < 4; pair++)
        {
            VectorRegister[] codes = TurnHalves(16 + (32 * pair));
            Broadcast(Mask, 0x0F0F0F0F);
            for (int four = 0; four < 8; four++)
            {
                _a.Vmovups(Packed(four), codes[four]);
                _a.Vpandd(codes[four], codes[four], Mask);
            }

            LoadFactors(2 * pair);
            Products(2 * pair, codes, hasMinimum: true);
            for (int four = 0; four < 8; four++)
            {
                _a.Vmovups(codes[four], Packed(four));
                _a.Vpsrld(codes[four], codes[four], 4);
                _a.Vpandd(codes[four], codes[four], Mask);
            }

            LoadFactors((2 * pair) + 1);
            Products((2 * pair) + 1, codes, hasMinimum: true);
        }
    }

    /// <summary>From the 16 bytes that begin a K block: the eight scales and eight minima of each row, written to scratch as floats.</summary>
    private void SixBitFactors()
    {
        VectorRegister[] header = TurnQuarters(0);
        (VectorRegister first, VectorRegister second, VectorRegister third) = (header[1], header[2], header[3]);
        (VectorRegister scales, VectorRegister minima) = (new(22), new(23));
        _a.Vpmovdw(Low, header[0]);
        _a.Vcvtph2ps(Scale, Low);
        _a.Vpsrld(header[0], header[0], 16);
        _a.Vpmovdw(Low, header[0]);
        _a.Vcvtph2ps(Minimum, Low);
        Broadcast(Mask, 0x80000000);
        _a.Vpxord(Minimum, Minimum, Mask);

        // Sub-blocks 4 to 7: four bits in the third number, two more above the six of sub-blocks 0 to 3.
        Broadcast(Mask, 0x0F0F0F0F);
        Broadcast(High, 0x30303030);
        _a.Vpandd(scales, third, Mask);
        _a.Vpsrld(minima, third, 4);
        _a.Vpandd(minima, minima, Mask);
        _a.Vpsrld(Low, first, 2);
        _a.Vpandd(Low, Low, High);
        _a.Vpord(scales, scales, Low);
        _a.Vpsrld(Low, second, 2);
        _a.Vpandd(Low, Low, High);
        _a.Vpord(minima, minima, Low);
        Broadcast(Mask, 0x3F3F3F3F);
        _a.Vpandd(first, first, Mask);
        _a.Vpandd(second, second, Mask);
        Broadcast(Mask, 0xFF);
        for (int block = 0; block < 4; block++)
        {
            StoreFactor(block, first, Scale, block);
            StoreFactor(4 + block, scales, Scale, block);
            StoreFactor(8 + block, second, Minimum, block);
            StoreFactor(12 + block, minima, Minimum, block);
        }
    }

    /// <summary>Scratch factor <paramref name="index"/> = byte <paramref name="number"/> of <paramref name="bytes"/> · <paramref name="unit"/>.</summary>
    private void StoreFactor(int index, VectorRegister bytes, VectorRegister unit, int number)
    {
        _a.Vpsrld(Low, bytes, 8 * number);
        _a.Vpandd(Low, Low, Mask);
        _a.Vcvtdq2ps(Low, Low);
        _a.Vmulps(Low, Low, unit);
        _a.Vmovups(FactorAddress(index), Low);
    }

    private void LoadFactors(int block)
    {
        _a.Vmovups(Scale, FactorAddress(block));
        _a.Vmovups(Minimum, FactorAddress(8 + block));
    }

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

    private void Broadcast(VectorRegister destination, uint value)
    {
        _a.Mov(R14, unchecked((int)value));
        _a.Vpbroadcastd(destination, R14);
    }

    private static Address FactorAddress(int index) => new(R13, FactorsAt + (index * VectorBytes));

    private static Address Packed(int index) => new(R13, PackedAt + (index * VectorBytes));
}
