using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Scales and minima of 16 weight rows as floats, in registers or in scratch.</summary>
internal sealed partial class FewRowsWriter
{
    /// <summary>From the 16 bytes that begin a K block: the eight scales and eight minima of each row, written to scratch.</summary>
    private void SixBitFactors()
    {
        VectorRegister[] header = TurnQuarters(0);
        (VectorRegister first, VectorRegister second, VectorRegister third) = (header[1], header[2], header[3]);
        (VectorRegister scales, VectorRegister minima) = (new(22), new(23));
        ScaleAndMinimum(header[0]);
        Broadcast(Mask, 0x80000000);
        _a.Vpxord(Second, Second, Mask);

        // Blocks 4 to 7: four bits in the third number, two more above the six of blocks 0 to 3.
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
            StoreFactor(8 + block, second, Second, block);
            StoreFactor(12 + block, minima, Second, block);
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

    /// <summary>16 signed bytes of each row times its binary16, written to scratch.</summary>
    private void SignedFactors(int offset, int unitOffset)
    {
        VectorRegister[] bytes = TurnQuarters(offset);
        HalfFloats(Scale, unitOffset);
        for (int number = 0; number < 16; number++)
        {
            _a.Vpslld(Low, bytes[number / 4], 24 - (number % 4 * 8));
            _a.Vpsrad(Low, Low, 24);
            _a.Vcvtdq2ps(Low, Low);
            _a.Vmulps(Low, Low, Scale);
            _a.Vmovups(FactorAddress(number), Low);
        }
    }

    private void LoadFactors(int scale, int second)
    {
        _a.Vmovups(Scale, FactorAddress(scale));
        _a.Vmovups(Second, FactorAddress(second));
    }

    /// <summary><see cref="Scale"/> and <see cref="Second"/> from binary16 in the lower and the upper half of each number, which is lost.</summary>
    private void ScaleAndMinimum(VectorRegister both)
    {
        FloatOfLowerHalves(Scale, both);
        _a.Vpsrld(both, both, 16);
        FloatOfLowerHalves(Second, both);
    }

    private void FloatOfLowerHalves(VectorRegister destination, VectorRegister source)
    {
        _a.Vpmovdw(Low, source);
        _a.Vcvtph2ps(destination, Low);
    }

    private static Address FactorAddress(int index) => new(R13, FactorsAt + (index * VectorBytes));

    private static Address Kept(int index) => new(R13, KeptAt + (index * VectorBytes));
}
