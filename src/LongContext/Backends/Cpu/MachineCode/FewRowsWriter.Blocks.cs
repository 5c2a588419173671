namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One block of each format: turned, unpacked, multiplied.</summary>
/// <remarks>Blocks shorter than 32 bytes are read 32 bytes at once, scale and codes together: half the loads, and what follows is not used.</remarks>
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
        Products(0, codes);
    }

    /// <summary>2 bytes of scale, 16 of codes.</summary>
    private void StepQ4_0()
    {
        VectorRegister[] bytes = TurnHalves(0);
        FloatOfLowerHalves(Scale, bytes[0]);
        VectorRegister[] codes = MoveDown(bytes);
        SplitHalves(codes, bytes.AsSpan()[4..]);
        Products(0, [.. codes, .. bytes.AsSpan()[4..]]);
    }

    /// <summary>2 bytes of scale, 2 of minimum, 16 of codes.</summary>
    private void StepQ4_1()
    {
        VectorRegister[] bytes = TurnHalves(0);
        ScaleAndMinimum(bytes[0]);
        VectorRegister[] high = [bytes[0], bytes[5], bytes[6], bytes[7]];
        SplitHalves(bytes.AsSpan(1, 4), high);
        Products(0, [.. bytes.AsSpan(1, 4), .. high]);
    }

    /// <summary>2 bytes of scale, 4 of fifth bits, 16 of codes.</summary>
    private void StepQ5_0()
    {
        VectorRegister[] bytes = TurnHalves(0);
        FloatOfLowerHalves(Scale, bytes[0]);
        _a.Vpshrdd(bytes[0], bytes[0], bytes[1], 16);
        VectorRegister[] codes = MoveDown(bytes.AsSpan()[1..]);
        VectorRegister[] high = [bytes[5], bytes[6], bytes[7], Spare(bytes)];
        SplitHalves(codes, high);
        FifthBits(bytes[0], [.. codes, .. high]);
        Products(0, [.. codes, .. high]);
    }

    /// <summary>2 bytes of scale, 2 of minimum, 4 of fifth bits, 16 of codes.</summary>
    private void StepQ5_1()
    {
        VectorRegister[] bytes = TurnHalves(0);
        ScaleAndMinimum(bytes[0]);
        VectorRegister[] high = [bytes[0], bytes[6], bytes[7], Spare(bytes)];
        SplitHalves(bytes.AsSpan(2, 4), high);
        FifthBits(bytes[1], [.. bytes.AsSpan(2, 4), .. high]);
        Products(0, [.. bytes.AsSpan(2, 4), .. high]);
    }

    private void StepQ4_K()
    {
        SixBitFactors();
        for (int pair = 0; pair < 4; pair++)
        {
            VectorRegister[] codes = TurnHalves(16 + (32 * pair));
            Keep(codes, 0);
            for (int half = 0; half < 2; half++)
            {
                LoadCodes(codes, 0, half);
                LoadFactors((2 * pair) + half, 8 + (2 * pair) + half);
                Products((2 * pair) + half, codes);
            }
        }
    }

    private void StepQ5_K()
    {
        SixBitFactors();
        Keep(TurnHalves(16), 8);
        for (int pair = 0; pair < 4; pair++)
        {
            VectorRegister[] codes = TurnHalves(48 + (32 * pair));
            Keep(codes, 0);
            for (int half = 0; half < 2; half++)
            {
                int block = (2 * pair) + half;
                LoadCodes(codes, 0, half);
                AddUpperBits(codes, 8, 0x10101010, 4 - block);
                LoadFactors(block, 8 + block);
                Products(block, codes);
            }
        }
    }

    /// <summary>Halves of 128 weights: 64 bytes of lower bits, 32 bytes with two upper bits of each of four blocks.</summary>
    private void StepQ6_K()
    {
        SignedFactors(192, 208);
        for (int half = 0; half < 2; half++)
        {
            Keep(TurnHalves(64 * half), 0);
            Keep(TurnHalves((64 * half) + 32), 8);
            VectorRegister[] codes = TurnHalves(128 + (32 * half));
            Keep(codes, 16);
            for (int block = 0; block < 4; block++)
            {
                int number = (4 * half) + block;
                LoadCodes(codes, block % 2 * 8, block / 2);
                AddUpperBits(codes, 16, 0x30303030, 4 - (2 * block));
                LoadFactors(2 * number, (2 * number) + 1);
                Products(number, codes);
            }
        }
    }

    /// <summary>Four numbers that begin in the middle of one of <paramref name="bytes"/> and end in the middle of the next.</summary>
    private VectorRegister[] MoveDown(ReadOnlySpan<VectorRegister> bytes)
    {
        for (int four = 0; four < 4; four++)
        {
            _a.Vpshrdd(bytes[four], bytes[four], bytes[four + 1], 16);
        }

        return bytes[..4].ToArray();
    }

    /// <summary>Lower four bits stay in <paramref name="codes"/>, upper four go to <paramref name="high"/>.</summary>
    private void SplitHalves(ReadOnlySpan<VectorRegister> codes, ReadOnlySpan<VectorRegister> high)
    {
        Broadcast(Mask, 0x0F0F0F0F);
        for (int four = 0; four < 4; four++)
        {
            _a.Vpsrld(high[four], codes[four], 4);
            _a.Vpandd(high[four], high[four], Mask);
            _a.Vpandd(codes[four], codes[four], Mask);
        }
    }

    /// <summary>Bit 4i + k of each number goes to bit 4 of byte k of codes i: a product puts copies of four bits at distances of seven.</summary>
    private void FifthBits(VectorRegister bits, ReadOnlySpan<VectorRegister> codes)
    {
        Broadcast(High, 0x02040810);
        for (int four = 0; four < 8; four++)
        {
            Broadcast(Mask, 15);
            _a.Vpsrld(Low, bits, 4 * four);
            _a.Vpandd(Low, Low, Mask);
            _a.Vpmulld(Low, Low, High);
            Broadcast(Mask, 0x10101010);
            _a.Vpandd(Low, Low, Mask);
            _a.Vpord(codes[four], codes[four], Low);
        }
    }

    /// <summary>Turned bytes to scratch.</summary>
    private void Keep(VectorRegister[] bytes, int kept)
    {
        for (int four = 0; four < 8; four++)
        {
            _a.Vmovups(Kept(kept + four), bytes[four]);
        }
    }

    /// <summary>Lower or upper four bits of kept bytes.</summary>
    private void LoadCodes(VectorRegister[] codes, int kept, int half)
    {
        Broadcast(Mask, 0x0F0F0F0F);
        for (int four = 0; four < 8; four++)
        {
            _a.Vmovups(codes[four], Kept(kept + four));
            if (half != 0)
            {
                _a.Vpsrld(codes[four], codes[four], 4);
            }

            _a.Vpandd(codes[four], codes[four], Mask);
        }
    }

    /// <summary>Adds bits of kept bytes to codes, shifted left or, where negative, right.</summary>
    private void AddUpperBits(VectorRegister[] codes, int kept, uint mask, int shift)
    {
        Broadcast(Mask, mask);
        for (int four = 0; four < 8; four++)
        {
            VectorRegister bits = four % 2 == 0 ? Low : High;
            _a.Vmovups(bits, Kept(kept + four));
            if (shift > 0)
            {
                _a.Vpslld(bits, bits, shift);
            }
            else if (shift < 0)
            {
                _a.Vpsrld(bits, bits, -shift);
            }

            _a.Vpandd(bits, bits, Mask);
            _a.Vpord(codes[four], codes[four], bits);
        }
    }
}
