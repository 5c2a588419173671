using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernel between attention's two products over bytes. System V convention: the arguments' address comes in rdi.</summary>
internal static unsafe class ByteSoftmaxWriter
{
    private const int VectorBytes = 64;
    private const int Vectors = BytePage.Keys / 16;

    /// <summary>Scores to weights of one byte; factors of the pages and of what was before; maximum and denominator up to date.</summary>
    /// <remarks>
    /// In each page of each row the greatest weight becomes 255: a maximum is less by log₂ 255 than the score it comes from. The denominator
    /// sums the weights as rounded, so a weighted mean's weights sum to 1. First all pages, then the rows: no loop waits for the one before.
    /// </remarks>
    internal static void Write(Assembler a)
    {
        (Label clear, Label page, Label row, Label rows) = (new(), new(), new(), new());
        Enter(a);
        (VectorRegister max, VectorRegister other) = (new(0), new(1));

        a.Vbroadcastss(max, Constant(nameof(SoftmaxConstants.None)));
        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(clear);
        a.Vmovups(new Address(R8), max);
        a.Add(R8, ByteAttentionWriter.MostPages * sizeof(float));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, clear);

        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Scores)));
        a.Mov(R9, ArgumentField(nameof(ByteAttentionArguments.Weights)));
        a.Mov(R12, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Pages)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(page);
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
        OnePage(a, max, other);
        a.Add(Rsi, ArgumentField(nameof(ByteAttentionArguments.ScoreStride)));
        a.Add(Rdx, ArgumentField(nameof(ByteAttentionArguments.WeightStride)));
        a.Add(Rbx, ByteAttentionWriter.MostPages * sizeof(float));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, row);
        a.Add(R8, BytePage.Keys * sizeof(float));
        a.Add(R9, BytePage.Keys);
        a.Add(R12, sizeof(float));
        a.Add(R10, sizeof(BytePage));
        a.Sub(R11, 1);
        a.Jcc(Condition.NotEqual, page);

        a.Mov(R8, ArgumentField(nameof(ByteAttentionArguments.Scores)));
        a.Mov(R9, ArgumentField(nameof(ByteAttentionArguments.Max)));
        a.Mov(R10, ArgumentField(nameof(ByteAttentionArguments.Denominators)));
        a.Mov(R11, ArgumentField(nameof(ByteAttentionArguments.EarlierFactors)));
        a.Mov(R12, ArgumentField(nameof(ByteAttentionArguments.PageFactors)));
        a.Mov(Rcx, ArgumentField(nameof(ByteAttentionArguments.RowGroups)));
        a.Place(rows);
        OneRow(a, max, other);
        a.Add(R8, ArgumentField(nameof(ByteAttentionArguments.ScoreStride)));
        a.Add(R9, sizeof(float));
        a.Add(R10, sizeof(float));
        a.Add(R11, sizeof(float));
        a.Add(R12, ByteAttentionWriter.MostPages * sizeof(float));
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, rows);
        Leave(a);
    }

    /// <summary>A row's 64 scores at rsi to weights at rdx; maximum to rbx, parts of the denominator over the first scores.</summary>
    private static void OnePage(Assembler a, VectorRegister max, VectorRegister other)
    {
        for (int v = 0; v < Vectors; v++)
        {
            a.Vmovups(Score(v), new Address(Rsi, v * VectorBytes));
        }

        a.Vmaxps(max, Score(0), Score(1));
        a.Vmaxps(other, Score(2), Score(3));
        a.Vmaxps(max, max, other);
        AcrossLanes(a, max, other, a.Vmaxps);
        a.Vsubps(max, max, Largest);
        a.Vmovss(new Address(Rbx), max);
        a.Vmaxps(max, max, Lowest);
        for (int v = 0; v < Vectors; v++)
        {
            a.Vsubps(Score(v), Score(v), max);
            Exp2(a, Weight(v), Score(v), Fraction(v));
            a.Vaddps(Fraction(v), Weight(v), Shift);
        }

        VectorRegister sum = other;
        for (int v = 0; v < Vectors; v++)
        {
            a.Vsubps(Weight(v), Fraction(v), Shift);
            if (v == 0)
            {
                a.Vmulps(sum, Weight(v), Inverse(v));
            }
            else
            {
                a.Vfmadd231ps(sum, Weight(v), Inverse(v));
            }
        }

        VectorRegister bytes = max;
        a.Vpshrdd(bytes, Fraction(0), Fraction(0), 8);
        for (int v = 1; v < Vectors; v++)
        {
            a.Vpshrdd(bytes, bytes, Fraction(v), 8);
        }

        a.Vmovups(new Address(Rdx), bytes);
        a.Vmovups(new Address(Rsi), sum);
    }

    /// <summary>A row's factors, maximum and denominator from its pages' maxima and parts.</summary>
    private static void OneRow(Assembler a, VectorRegister max, VectorRegister other)
    {
        Label parts = new();
        (VectorRegister x, VectorRegister factor, VectorRegister fraction, VectorRegister sum) = (new(2), new(3), new(4), new(5));
        a.Vmovups(x, new Address(R12));
        a.Vmovaps(max, x);
        AcrossLanes(a, max, other, a.Vmaxps);
        a.Vbroadcastss(other, new Address(R9));
        a.Vmaxps(max, max, other);
        a.Vmovss(new Address(R9), max);
        a.Vmaxps(max, max, Lowest);
        a.Vsubps(x, x, max);
        Exp2(a, factor, x, fraction);
        a.Vmovups(new Address(R12), factor);
        a.Vsubps(x, other, max);
        Exp2(a, factor, x, fraction);
        a.Vmovss(new Address(R11), factor);

        a.Vpxord(sum, sum, sum);
        a.Mov(Rsi, R8);
        a.Mov(Rdx, R12);
        a.Mov(Rbx, ArgumentField(nameof(ByteAttentionArguments.PageCount)));
        a.Place(parts);
        a.Vmovups(x, new Address(Rsi));
        a.Vfmadd231psBroadcast(sum, x, new Address(Rdx));
        a.Add(Rsi, BytePage.Keys * sizeof(float));
        a.Add(Rdx, sizeof(float));
        a.Sub(Rbx, 1);
        a.Jcc(Condition.NotEqual, parts);
        AcrossLanes(a, sum, other, a.Vaddps);
        a.Vbroadcastss(x, new Address(R10));
        a.Vfmadd213ps(x, factor, sum);
        a.Vmovss(new Address(R10), x);
    }

    private static void Enter(Assembler a)
    {
        a.Push(Rbx);
        a.Push(R12);
        a.Mov(Rax, ArgumentField(nameof(ByteAttentionArguments.Constants)));
        a.Vbroadcastss(new(31), Constant(nameof(SoftmaxConstants.C1)));
        a.Vbroadcastss(new(30), Constant(nameof(SoftmaxConstants.C2)));
        a.Vbroadcastss(new(29), Constant(nameof(SoftmaxConstants.C3)));
        a.Vbroadcastss(new(28), Constant(nameof(SoftmaxConstants.One)));
        a.Vbroadcastss(Lowest, Constant(nameof(SoftmaxConstants.Lowest)));
        a.Vbroadcastss(Largest, Constant(nameof(SoftmaxConstants.LargestByte)));
        a.Vbroadcastss(Shift, Constant(nameof(SoftmaxConstants.Shift)));
    }

    private static void Leave(Assembler a)
    {
        a.Vzeroupper();
        a.Pop(R12);
        a.Pop(Rbx);
        a.Ret();
    }

    private static void Exp2(Assembler a, VectorRegister result, VectorRegister exponent, VectorRegister fraction) =>
        SoftmaxKernelWriter.Exp2(a, result, exponent, fraction);

    private static void AcrossLanes(
        Assembler a, VectorRegister x, VectorRegister other, Action<VectorRegister, VectorRegister, VectorRegister> combine) =>
        SoftmaxKernelWriter.AcrossLanes(a, x, other, combine);

    private static VectorRegister Score(int v) => new(2 + v);

    private static VectorRegister Weight(int v) => new(6 + v);

    private static VectorRegister Fraction(int v) => new(10 + v);

    private static VectorRegister Inverse(int v) => new(14 + v);

    private static VectorRegister Lowest => new(26);

    private static VectorRegister Largest => new(25);

    private static VectorRegister Shift => new(24);

    private static Address ArgumentField(string name) => new(Rdi, (int)Marshal.OffsetOf<ByteAttentionArguments>(name));

    private static Address Constant(string name) => new(Rax, (int)Marshal.OffsetOf<SoftmaxConstants>(name));
}
