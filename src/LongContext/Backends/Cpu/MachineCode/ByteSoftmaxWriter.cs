using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernel between attention's two products over bytes. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// In each page of each row the greatest weight becomes 255: a maximum is less by log₂ 255 than the score it comes from. The denominator
/// sums the weights as rounded, so a weighted mean's weights sum to 1. What needs sums or maxima across lanes is done for four rows at
/// once or for all pages at once. 2ˣ is a sixteenth's power of two from a table, times a line: on Zen 5, beside products, that is one of
/// the multiplier's cycles instead of three.
/// </remarks>
internal static unsafe partial class ByteSoftmaxWriter
{
    private const int VectorBytes = 64;
    private const int Four = 4; // rows whose lanes are combined at once
    private const int Vectors = BytePage.Keys / 16;
    private const int FactorBytes = ByteAttentionWriter.RowLanes * sizeof(float); // of a page

    /// <summary>Maxima of every page anew: of scores that are no longer what the product wrote.</summary>
    internal static void Maxima(Assembler a)
    {
        (Label page, Label four) = (new(), new());
        StartMaxima(a);
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Rows)));
        a.Mov(R9, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(page);
        a.Mov(Rsi, R8);
        a.Mov(Rdx, R9);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(four);
        for (int row = 0; row < Four; row++)
        {
            int start = row * ByteRow.Bytes;
            a.Vmovups(new(row), new Address(Rsi, start));
            for (int v = 1; v < Vectors; v++)
            {
                a.Vmaxps(new(row), new(row), new Address(Rsi, start + (v * VectorBytes)));
            }
        }

        Maxima(a, Four, Rsi, Rdx, maxima: 0, spare: 4);
        a.Add(Rsi, Four * ByteRow.Bytes);
        a.Add(Rdx, Four * sizeof(float));
        a.Sub(Rcx, Four);
        a.Jcc(Condition.Greater, four);
        a.Add(R8, ArgumentField(nameof(ByteAttentionArguments.PageStride)));
        a.Add(R9, FactorBytes);
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, page);
        a.Vzeroupper();
        a.Ret();
    }

    /// <summary>What the maxima of four rows need in registers 20 to 22; changes rax.</summary>
    internal static void StartMaxima(Assembler a)
    {
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.Constants)));
        a.Vbroadcastss(Lowest, Constant(nameof(SoftmaxConstants.Lowest)));
        a.Vbroadcastss(Largest, Constant(nameof(SoftmaxConstants.LargestByte)));
        a.Vpxord(Zero, Zero, Zero);
    }

    /// <summary>
    /// What becomes 0 in the exponent, of up to four rows: from 16 greatest scores of each, in registers from <paramref name="maxima"/> on,
    /// to four floats at <paramref name="lanes"/> and, negated, to each <see cref="ByteRow"/>. Four registers are to spare.
    /// </summary>
    internal static void Maxima(Assembler a, int rows, GeneralRegister row, GeneralRegister lanes, int maxima, int spare)
    {
        VectorRegister max = new(maxima), other = new(maxima + 1);
        AcrossFour(a, maxima, spare, a.Vmaxps);
        a.Vsubps(max, max, Largest);
        a.VmovupsQuarter(new Address(lanes), max);
        a.Vmaxps(max, max, Lowest);
        a.Vsubps(max, Zero, max);
        for (int i = 0; i < rows; i++)
        {
            a.Vpermilps(other, max, (byte)i);
            a.Vmovss(new Address(row, (i * ByteRow.Bytes) + ByteRow.WeightOffset), other);
        }
    }

    /// <summary>Factors of the pages, from their maxima, and of what was before; maximum up to date: lanes are rows.</summary>
    internal static void Factors(Assembler a)
    {
        (Label greatest, Label page) = (new(), new());
        (VectorRegister old, VectorRegister max, VectorRegister x, VectorRegister factor, VectorRegister fraction) = (new(0), new(1), new(2), new(3), new(4));
        StartMaxima(a);
        a.Vbroadcastss(C1, Constant(nameof(SoftmaxConstants.C1)));
        a.Vbroadcastss(C2, Constant(nameof(SoftmaxConstants.C2)));
        a.Vbroadcastss(C3, Constant(nameof(SoftmaxConstants.C3)));
        a.Vbroadcastss(One, Constant(nameof(SoftmaxConstants.One)));
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.Max)));
        a.Vmovups(old, new Address(Rax));
        a.Vmovaps(max, old);
        StartPages(a);
        a.Place(greatest);
        a.Vmaxps(max, max, new Address(Rsi));
        a.Add(Rsi, FactorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, greatest);
        a.Vmovups(new Address(Rax), max);
        a.Vmaxps(max, max, Lowest);
        a.Vsubps(x, old, max);
        SoftmaxKernelWriter.Exp2(a, factor, x, fraction);
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.EarlierFactors)));
        a.Vmovups(new Address(Rax), factor);

        StartPages(a);
        a.Place(page);
        a.Vmovups(x, new Address(Rsi));
        a.Vsubps(x, x, max);
        SoftmaxKernelWriter.Exp2(a, factor, x, fraction);
        a.Vmovups(new Address(Rsi), factor);
        a.Add(Rsi, FactorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, page);
        a.Vzeroupper();
        a.Ret();
    }

    /// <summary>denominator = earlier factor · denominator + page factor · parts, four rows at once: as many rows as lanes may change.</summary>
    internal static void Denominators(Assembler a)
    {
        (Label four, Label page) = (new(), new());
        VectorRegister sum = new(0), other = new(1);
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Rows)));
        a.Mov(R9, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Denominators)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.EarlierFactors)));
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Place(four);
        for (int row = 0; row < Four; row++)
        {
            a.Vpxord(new(row), new(row), new(row));
        }

        a.Mov(Rdx, R8);
        a.Mov(Rsi, Rax);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(page);
        for (int row = 0; row < Four; row++)
        {
            a.Vmovups(new(4 + row), new Address(Rdx, row * ByteRow.Bytes));
            a.Vfmadd231psBroadcast(new(row), new(4 + row), new Address(Rsi, row * sizeof(float)));
        }

        a.Add(Rdx, ArgumentField(nameof(ByteAttentionArguments.PageStride)));
        a.Add(Rsi, FactorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, page);
        AcrossFour(a, 0, 4, a.Vaddps);
        a.VmovupsQuarter(other, new Address(R10));
        a.VmovupsQuarter(new(2), new Address(R11));
        a.Vfmadd213ps(other, new(2), sum);
        a.VmovupsQuarter(new Address(R10), other);
        a.Add(R8, Four * ByteRow.Bytes);
        a.Add(R10, Four * sizeof(float));
        a.Add(R11, Four * sizeof(float));
        a.Add(Rax, Four * sizeof(float));
        a.Sub(R9, Four);
        a.Jcc(Condition.Greater, four);
        a.Vzeroupper();
        a.Ret();
    }

    /// <summary>
    /// Of four registers of 16 lanes each, from <paramref name="first"/> on, the first gets the results across the lanes: all four in
    /// each quarter. Four registers are to spare.
    /// </summary>
    private static void AcrossFour(Assembler a, int first, int spare, Action<VectorRegister, VectorRegister, VectorRegister> combine)
    {
        VectorRegister result = new(first), other = new(first + 1);
        for (int pair = 0; pair < Four; pair += 2)
        {
            a.Vunpcklps(new(spare + pair), new(first + pair), new(first + pair + 1));
            a.Vunpckhps(new(spare + pair + 1), new(first + pair), new(first + pair + 1));
            combine(new(spare + pair), new(spare + pair), new(spare + pair + 1));
        }

        a.Vshufps(result, new(spare), new(spare + 2), 0b01_00_01_00);
        a.Vshufps(other, new(spare), new(spare + 2), 0b11_10_11_10);
        combine(result, result, other);
        a.Vshuff32x4(other, result, result, 0b01_00_11_10);
        combine(result, result, other);
        a.Vshuff32x4(other, result, result, 0b10_11_00_01);
        combine(result, result, other);
    }

    private static void StartPages(Assembler a)
    {
        a.Mov(Rsi, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
    }

    private static VectorRegister C1 => new(31);

    private static VectorRegister C2 => new(30);

    private static VectorRegister C3 => new(29);

    private static VectorRegister One => new(28);

    private static VectorRegister Lowest => new(21);

    private static VectorRegister Zero => new(22);

    private static VectorRegister Largest => new(20);

    private static VectorRegister Shift => new(28);

    private static VectorRegister SixteenthShift => new(29);

    private static VectorRegister Inverse => new(30);

    private static VectorRegister Sixteenths => new(31);

    private static Address ArgumentField(string name) => new(Rdi, (int)Marshal.OffsetOf<ByteAttentionArguments>(name));

    private static Address Constant(string name) => new(Rax, (int)Marshal.OffsetOf<SoftmaxConstants>(name));
}
