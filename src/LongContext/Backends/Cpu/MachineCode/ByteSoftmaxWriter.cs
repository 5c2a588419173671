using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernel between attention's two products over bytes. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// In each page of each row the greatest weight becomes 255: a maximum is less by log₂ 255 than the score it comes from. The denominator
/// sums the weights as rounded, so a weighted mean's weights sum to 1. What needs sums or maxima across lanes is done for four rows at
/// once or for all pages at once, and apart from the exponentials: the processor looks ahead over few rows only.
/// </remarks>
internal static unsafe class ByteSoftmaxWriter
{
    private const int VectorBytes = 64;
    private const int Vectors = BytePage.Keys / 16;
    private const int FactorBytes = ByteAttentionWriter.RowLanes * sizeof(float); // of a page

    /// <summary>Scores to weights of one byte; factors of the pages and of what was before; maximum and denominator up to date.</summary>
    internal static void Write(Assembler a)
    {
        (Label page, Label four, Label row) = (new(), new(), new());
        Enter(a);
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Scores)));
        a.Mov(R9, ArgumentField(nameof(ByteAttentionArguments.Weights)));
        a.Mov(R12, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Pages)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Mov(R13, ArgumentField(nameof(ByteAttentionArguments.ScoreStride)));

        a.Place(page);
        a.Mov(Rsi, R8);
        a.Mov(Rbx, R12);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(four);
        Maxima(a);
        a.Sub(Rcx, 4);
        a.Jcc(Condition.Greater, four);

        a.Mov(Rdx, new Address(R10, (int)Marshal.OffsetOf<BytePage>(nameof(BytePage.ValueInverses))));
        for (int v = 0; v < Vectors; v++)
        {
            a.Vmovups(Inverse(v), new Address(Rdx, v * VectorBytes));
        }

        a.Mov(Rsi, R8);
        a.Mov(Rdx, R9);
        a.Mov(Rbx, R12);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(row);
        Weights(a);
        a.Add(Rsi, R13);
        a.Add(Rdx, ArgumentField(nameof(ByteAttentionArguments.WeightStride)));
        a.Add(Rbx, sizeof(float));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, row);
        a.Add(R8, BytePage.Keys * sizeof(float));
        a.Add(R9, BytePage.Keys);
        a.Add(R12, FactorBytes);
        a.Add(R10, sizeof(BytePage));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, page);

        Factors(a);
        Denominators(a);
        Leave(a);
    }

    /// <summary>The maxima of a page's scores of four rows from rsi on, to rbx; both go on by four rows.</summary>
    private static void Maxima(Assembler a)
    {
        for (int row = 0; row < 4; row++)
        {
            a.Vmovups(new(row), new Address(Rsi));
            a.Vmovups(new(4 + row), new Address(Rsi, VectorBytes));
            a.Vmaxps(new(row), new(row), new Address(Rsi, 2 * VectorBytes));
            a.Vmaxps(new(4 + row), new(4 + row), new Address(Rsi, 3 * VectorBytes));
            a.Add(Rsi, R13);
        }

        for (int row = 0; row < 4; row++)
        {
            a.Vmaxps(new(row), new(row), new VectorRegister(4 + row));
        }

        for (int pair = 0; pair < 4; pair += 2)
        {
            a.Vunpcklps(new(4 + pair), new(pair), new(pair + 1));
            a.Vunpckhps(new(5 + pair), new(pair), new(pair + 1));
            a.Vmaxps(new(4 + pair), new(4 + pair), new VectorRegister(5 + pair));
        }

        a.Vshufps(new(0), new(4), new(6), 0b01_00_01_00);
        a.Vshufps(new(1), new(4), new(6), 0b11_10_11_10);
        a.Vmaxps(new(0), new(0), new VectorRegister(1));
        a.Vshuff32x4(new(1), new(0), new(0), 0b01_00_11_10);
        a.Vmaxps(new(0), new(0), new VectorRegister(1));
        a.Vshuff32x4(new(1), new(0), new(0), 0b10_11_00_01);
        a.Vmaxps(new(0), new(0), new VectorRegister(1));
        a.Vsubps(new(0), new(0), Largest);
        a.VmovupsQuarter(new Address(Rbx), new(0));
        a.Add(Rbx, 4 * sizeof(float));
    }

    /// <summary>A row's 64 scores at rsi to weights at rdx by the maximum at rbx; parts of the denominator over the first scores.</summary>
    private static void Weights(Assembler a)
    {
        (VectorRegister max, VectorRegister sum, VectorRegister bytes) = (new(0), new(0), new(1));
        a.Vbroadcastss(max, new Address(Rbx));
        a.Vmaxps(max, max, Lowest);
        Each(v => a.Vmovups(Score(v), new Address(Rsi, v * VectorBytes)));
        Each(v => a.Vsubps(Score(v), Score(v), max));
        Each(v => a.VreducepsFloor(Fraction(v), Score(v)));
        Each(v => a.Vmovaps(Weight(v), C3));
        Each(v => a.Vfmadd213ps(Weight(v), Fraction(v), C2));
        Each(v => a.Vfmadd213ps(Weight(v), Fraction(v), C1));
        Each(v => a.Vfmadd213ps(Weight(v), Fraction(v), One));
        Each(v => a.Vscalefps(Weight(v), Weight(v), Score(v)));
        Each(v => a.Vaddps(Fraction(v), Weight(v), Shift));
        Each(v => a.Vpshrdd(bytes, v == 0 ? Fraction(0) : bytes, Fraction(v), 8));
        a.Vmovups(new Address(Rdx), bytes);
        Each(v => a.Vsubps(Weight(v), Fraction(v), Shift));
        a.Vmulps(sum, Weight(0), Inverse(0));
        a.Vmulps(Weight(1), Weight(1), Inverse(1));
        a.Vfmadd231ps(sum, Weight(2), Inverse(2));
        a.Vfmadd231ps(Weight(1), Weight(3), Inverse(3));
        a.Vaddps(sum, sum, Weight(1));
        a.Vmovups(new Address(Rsi), sum);

        static void Each(Action<int> write)
        {
            for (int v = 0; v < Vectors; v++)
            {
                write(v);
            }
        }
    }

    /// <summary>All rows' maxima, and the factors of the pages and of what was before: lanes are rows.</summary>
    private static void Factors(Assembler a)
    {
        (Label greatest, Label page) = (new(), new());
        (VectorRegister old, VectorRegister max, VectorRegister x, VectorRegister factor, VectorRegister fraction) = (new(0), new(1), new(2), new(3), new(4));
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
    }

    /// <summary>denominator = earlier factor · denominator + page factor · parts, row by row.</summary>
    private static void Denominators(Assembler a)
    {
        (Label row, Label page) = (new(), new());
        (VectorRegister sum, VectorRegister other, VectorRegister x) = (new(0), new(1), new(2));
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Scores)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Denominators)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.EarlierFactors)));
        a.Mov(R12, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(Rbx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(row);
        a.Vpxord(sum, sum, sum);
        a.Mov(Rdx, R8);
        a.Mov(Rsi, R12);
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(page);
        a.Vmovups(x, new Address(Rdx));
        a.Vfmadd231psBroadcast(sum, x, new Address(Rsi));
        a.Add(Rdx, BytePage.Keys * sizeof(float));
        a.Add(Rsi, FactorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, page);
        SoftmaxKernelWriter.AcrossLanes(a, sum, other, a.Vaddps);
        a.Vbroadcastss(x, new Address(R10));
        a.Vbroadcastss(other, new Address(R11));
        a.Vfmadd213ps(x, other, sum);
        a.Vmovss(new Address(R10), x);
        a.Add(R8, R13);
        a.Add(R10, sizeof(float));
        a.Add(R11, sizeof(float));
        a.Add(R12, sizeof(float));
        a.Sub(Rbx, 1);
        a.Jcc(Condition.NotEqual, row);
    }

    private static void StartPages(Assembler a)
    {
        a.Mov(Rsi, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
    }

    private static void Enter(Assembler a)
    {
        a.Push(Rbx);
        a.Push(R12);
        a.Push(R13);
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.Constants)));
        a.Vbroadcastss(C1, Constant(nameof(SoftmaxConstants.C1)));
        a.Vbroadcastss(C2, Constant(nameof(SoftmaxConstants.C2)));
        a.Vbroadcastss(C3, Constant(nameof(SoftmaxConstants.C3)));
        a.Vbroadcastss(One, Constant(nameof(SoftmaxConstants.One)));
        a.Vbroadcastss(Lowest, Constant(nameof(SoftmaxConstants.Lowest)));
        a.Vbroadcastss(Largest, Constant(nameof(SoftmaxConstants.LargestByte)));
        a.Vbroadcastss(Shift, Constant(nameof(SoftmaxConstants.Shift)));
    }

    private static void Leave(Assembler a)
    {
        a.Vzeroupper();
        a.Pop(R13);
        a.Pop(R12);
        a.Pop(Rbx);
        a.Ret();
    }

    private static VectorRegister Score(int v) => new(2 + v);

    private static VectorRegister Weight(int v) => new(6 + v);

    private static VectorRegister Fraction(int v) => new(10 + v);

    private static VectorRegister Inverse(int v) => new(14 + v);

    private static VectorRegister C1 => new(31);

    private static VectorRegister C2 => new(30);

    private static VectorRegister C3 => new(29);

    private static VectorRegister One => new(28);

    private static VectorRegister Lowest => new(26);

    private static VectorRegister Largest => new(25);

    private static VectorRegister Shift => new(24);

    private static Address ArgumentField(string name) => new(Rdi, (int)Marshal.OffsetOf<ByteAttentionArguments>(name));

    private static Address Constant(string name) => new(Rax, (int)Marshal.OffsetOf<SoftmaxConstants>(name));
}
