using System.Runtime.InteropServices;
using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernel between attention's two products. System V convention: the arguments' address comes in rdi.</summary>
internal static unsafe class SoftmaxKernelWriter
{
    private const int VectorBytes = 64;

    /// <summary>Scores to weights 2^(score − maximum) in bfloat16; brings maximum and denominator up to date.</summary>
    /// <remarks>
    /// The denominator sums the weights as rounded: so a weighted mean's weights sum to 1. First the maxima of all rows, then the weights:
    /// neither loop waits across the lanes of one row before it begins the next.
    /// </remarks>
    internal static void Write(Assembler a)
    {
        Label maxima = new(), maximum = new(), rows = new(), weights = new();
        a.Push(Rbx);
        a.Mov(Rax, SoftmaxField(nameof(SoftmaxArguments.Constants)));
        a.Vbroadcastss(C1, SoftmaxConstant(nameof(SoftmaxConstants.C1)));
        a.Vbroadcastss(C2, SoftmaxConstant(nameof(SoftmaxConstants.C2)));
        a.Vbroadcastss(C3, SoftmaxConstant(nameof(SoftmaxConstants.C3)));
        a.Vbroadcastss(One, SoftmaxConstant(nameof(SoftmaxConstants.One)));
        a.Vbroadcastss(Ones, SoftmaxConstant(nameof(SoftmaxConstants.Ones)));
        a.Vbroadcastss(Lowest, SoftmaxConstant(nameof(SoftmaxConstants.Lowest)));

        StartRows(a);
        a.Place(maxima);
        (VectorRegister max, VectorRegister other, VectorRegister x, VectorRegister factor) = (new(0), new(1), new(2), new(3));
        a.Mov(Rsi, R8);
        a.Mov(Rcx, SoftmaxField(nameof(SoftmaxArguments.Steps)));
        a.Vmovups(max, new Address(Rsi));
        a.Vmovaps(other, max);
        a.Place(maximum);
        a.Vmaxps(max, max, new Address(Rsi));
        a.Vmaxps(other, other, new Address(Rsi, VectorBytes));
        a.Add(Rsi, 2 * VectorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, maximum);
        a.Vmaxps(max, max, other);
        AcrossLanes(a, max, other, a.Vmaxps);
        a.Vbroadcastss(x, new Address(R10));
        a.Vmaxps(max, max, x);
        a.Vmovss(new Address(R10), max);
        a.Vmaxps(max, max, Lowest);
        a.Vsubps(x, x, max);
        Exp2(a, factor, x, new(4));
        a.Vmovss(new Address(Rbx), factor);
        NextRow(a, maxima);

        StartRows(a);
        a.Place(rows);
        (VectorRegister offset, VectorRegister sum) = (new(24), new(25));
        a.Vbroadcastss(offset, new Address(R10));
        a.Vmaxps(offset, offset, Lowest);
        a.Mov(Rsi, R8);
        a.Mov(Rdx, R9);
        a.Mov(Rcx, SoftmaxField(nameof(SoftmaxArguments.Steps)));
        a.Vpxord(sum, sum, sum);
        a.Place(weights);
        (VectorRegister low, VectorRegister high) = (new(5), new(6));
        (VectorRegister lowX, VectorRegister highX, VectorRegister lowF, VectorRegister highF) = (new(7), new(8), new(9), new(10));
        a.Vmovups(lowX, new Address(Rsi));
        a.Vmovups(highX, new Address(Rsi, VectorBytes));
        a.Vsubps(lowX, lowX, offset);
        a.Vsubps(highX, highX, offset);
        Exp2(a, low, lowX, lowF);
        Exp2(a, high, highX, highF);
        a.Vcvtne2ps2bf16(low, high, low);
        a.Vmovups(new Address(Rdx), low);
        a.Vdpbf16ps(sum, low, Ones);
        a.Add(Rsi, 2 * VectorBytes);
        a.Add(Rdx, VectorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, weights);
        AcrossLanes(a, sum, other, a.Vaddps);
        a.Vbroadcastss(x, new Address(R11));
        a.Vbroadcastss(factor, new Address(Rbx));
        a.Vfmadd213ps(x, factor, sum);
        a.Vmovss(new Address(R11), x);
        NextRow(a, rows);
        a.Vzeroupper();
        a.Pop(Rbx);
        a.Ret();
    }

    private static void StartRows(Assembler a)
    {
        a.Mov(R8, SoftmaxField(nameof(SoftmaxArguments.Scores)));
        a.Mov(R9, SoftmaxField(nameof(SoftmaxArguments.Weights)));
        a.Mov(R10, SoftmaxField(nameof(SoftmaxArguments.Max)));
        a.Mov(R11, SoftmaxField(nameof(SoftmaxArguments.Denominators)));
        a.Mov(Rbx, SoftmaxField(nameof(SoftmaxArguments.Factors)));
        a.Mov(Rax, SoftmaxField(nameof(SoftmaxArguments.Rows)));
    }

    private static void NextRow(Assembler a, Label row)
    {
        a.Add(R8, SoftmaxField(nameof(SoftmaxArguments.ScoreStride)));
        a.Add(R9, SoftmaxField(nameof(SoftmaxArguments.WeightStride)));
        a.Add(R10, sizeof(float));
        a.Add(R11, sizeof(float));
        a.Add(Rbx, sizeof(float));
        a.Sub(Rax, 1);
        a.Jcc(Condition.NotEqual, row);
    }

    /// <summary>result = 2^exponent; C1, C2, C3 and 1 are in registers 31 to 28.</summary>
    internal static void Exp2(Assembler a, VectorRegister result, VectorRegister exponent, VectorRegister fraction)
    {
        a.VreducepsFloor(fraction, exponent);
        a.Vmovaps(result, C3);
        a.Vfmadd213ps(result, fraction, C2);
        a.Vfmadd213ps(result, fraction, C1);
        a.Vfmadd213ps(result, fraction, One);
        a.Vscalefps(result, result, exponent);
    }

    /// <summary>All lanes of x become the result over all of them.</summary>
    internal static void AcrossLanes(
        Assembler a, VectorRegister x, VectorRegister other, Action<VectorRegister, VectorRegister, VectorRegister> combine)
    {
        const byte halves = 0b01_00_11_10, neighbours = 0b10_11_00_01;
        a.Vshuff32x4(other, x, x, halves);
        combine(x, x, other);
        a.Vshuff32x4(other, x, x, neighbours);
        combine(x, x, other);
        a.Vpermilps(other, x, halves);
        combine(x, x, other);
        a.Vpermilps(other, x, neighbours);
        combine(x, x, other);
    }

    private static VectorRegister C1 => new(31);

    private static VectorRegister C2 => new(30);

    private static VectorRegister C3 => new(29);

    private static VectorRegister One => new(28);

    private static VectorRegister Ones => new(27);

    private static VectorRegister Lowest => new(26);

    private static Address SoftmaxField(string name) => new(Rdi, (int)Marshal.OffsetOf<SoftmaxArguments>(name));

    private static Address SoftmaxConstant(string name) => new(Rax, (int)Marshal.OffsetOf<SoftmaxConstants>(name));
}
