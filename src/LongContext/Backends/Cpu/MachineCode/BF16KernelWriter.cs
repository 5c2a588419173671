using static LongContext.Backends.Cpu.MachineCode.GeneralRegister;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes the kernels of bfloat16 products. System V convention: the arguments' address comes in rdi.</summary>
/// <remarks>
/// Lanes lie along the features: lane i of a sum takes features 32·step + 2i and + 2i + 1 of every step, first step to last, in every
/// kernel. So a row's sums have the same bits however many rows a kernel takes.
/// </remarks>
internal static unsafe class BF16KernelWriter
{
    /// <summary>Features that one instruction takes.</summary>
    internal const int Step = 32;

    /// <summary>Outputs that a kernel takes together.</summary>
    internal const int Outputs = 4;

    private const int VectorBytes = 64;
    private const int Q8Bytes = 34; // of a Q8_0 block: a binary16 scale, then one step of bytes

    private static readonly VectorRegister Row = new(28), Low = new(29), High = new(30), Scale = new(31);

    /// <summary>Rows of x against bfloat16 weights: rows · 4 sums in registers.</summary>
    /// <param name="a">Where to.</param>
    /// <param name="rows">1 to 6: with four weights and the row, 29 of 32 registers.</param>
    /// <param name="fetched">Bytes a step of each output to ask for ahead: 64 where weights come from memory, 0 where they are near.</param>
    internal static void Dot(Assembler a, int rows, int fetched)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, 6);
        Groups(a, rows, VectorBytes, fetched, () =>
        {
            for (int output = 0; output < Outputs && rows > 1; output++)
            {
                a.Vmovups(Weight(output), WeightRow(output));
            }

            for (int row = 0; row < rows; row++)
            {
                a.Vmovups(Row, XRow(row));
                for (int output = 0; output < Outputs; output++)
                {
                    if (rows > 1)
                    {
                        a.Vdpbf16ps(Sum(row, output), Row, Weight(output));
                    }
                    else
                    {
                        a.Vdpbf16ps(Sum(row, output), Row, WeightRow(output));
                    }
                }
            }
        });
    }

    /// <summary>One row of x against Q8_0 blocks, each decoded and rounded in registers.</summary>
    internal static void DotQ8(Assembler a) => Groups(a, rows: 1, Q8Bytes, fetched: Q8Bytes, () =>
    {
        a.Vmovups(Row, XRow(0));
        for (int output = 0; output < Outputs; output++)
        {
            Address block = WeightRow(output);
            a.Vpbroadcastw(Scale, block);
            a.Vcvtph2ps(Scale, Scale);
            a.Vpmovsxbd(Low, block with { Displacement = 2 });
            a.Vpmovsxbd(High, block with { Displacement = 2 + (Step / 2) });
            a.Vcvtdq2ps(Low, Low);
            a.Vcvtdq2ps(High, High);
            a.Vmulps(Low, Low, Scale);
            a.Vmulps(High, High, Scale);
            a.Vcvtne2ps2bf16(Low, High, Low);
            a.Vdpbf16ps(Sum(0, output), Row, Low);
        }
    });

    /// <summary>Floats to bfloat16, to nearest, ties to even; subnormal numbers become zero.</summary>
    internal static void Round(Assembler a)
    {
        Label step = new();
        a.Mov(Rsi, Field(nameof(RoundArguments.Source), typeof(RoundArguments)));
        a.Mov(Rdx, Field(nameof(RoundArguments.Destination), typeof(RoundArguments)));
        a.Mov(Rcx, Field(nameof(RoundArguments.Steps), typeof(RoundArguments)));
        a.Place(step);
        a.Vmovups(High, new Address(Rsi, VectorBytes));
        a.Vcvtne2ps2bf16(Low, High, new Address(Rsi));
        a.Vmovups(new Address(Rdx), Low);
        a.Add(Rsi, 2 * VectorBytes);
        a.Add(Rdx, VectorBytes);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, step);
        a.Vzeroupper();
        a.Ret();
    }

    /// <summary>The loops around one step: over groups of outputs, over the features.</summary>
    /// <remarks>
    /// Weights that come from memory are four streams that the processor does not foresee well: so each step also asks for as
    /// much of the next group as it reads of this one.
    /// </remarks>
    private static void Groups(Assembler a, int rows, int weightStep, int fetched, Action writeStep)
    {
        (Label group, Label step) = (new(), new());
        a.Push(Rbx);
        a.Push(Rbp);
        a.Mov(R8, Field(nameof(DotArguments.XStride), typeof(DotArguments)));
        a.Mov(R9, Field(nameof(DotArguments.WStride), typeof(DotArguments)));
        a.Mov(R10, Field(nameof(DotArguments.Groups), typeof(DotArguments)));
        a.Mov(R11, Field(nameof(DotArguments.Sums), typeof(DotArguments)));

        a.Place(group);
        a.Mov(Rsi, Field(nameof(DotArguments.X), typeof(DotArguments)));
        a.Mov(Rdx, Field(nameof(DotArguments.W), typeof(DotArguments)));
        a.Mov(Rcx, Field(nameof(DotArguments.Steps), typeof(DotArguments)));
        a.Lea(Rbx, new Address(Rsi, 0, R8, 2));
        a.Add(Rbx, R8);
        a.Lea(Rbp, new Address(Rdx, 0, R9, 2));
        a.Add(Rbp, R9);
        a.Lea(Rax, new Address(Rdx, 0, R9, Outputs));
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                a.Vpxord(Sum(row, output), Sum(row, output), Sum(row, output));
            }
        }

        a.Place(step);
        writeStep();
        for (int line = 0; line < Outputs * fetched; line += VectorBytes)
        {
            a.Prefetcht0(new Address(Rax, line));
        }

        a.Add(Rax, Outputs * weightStep);
        a.Add(Rsi, VectorBytes);
        a.Add(Rbx, VectorBytes);
        a.Add(Rdx, weightStep);
        a.Add(Rbp, weightStep);
        a.Sub(Rcx, 1);
        a.Jcc(Condition.NotEqual, step);

        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                a.Vmovups(new Address(R11, ((row * Outputs) + output) * VectorBytes), Sum(row, output));
            }
        }

        a.Add(R11, rows * Outputs * VectorBytes);
        a.Mov(Rdx, Field(nameof(DotArguments.W), typeof(DotArguments)));
        a.Lea(Rdx, new Address(Rdx, 0, R9, Outputs));
        a.Mov(Field(nameof(DotArguments.W), typeof(DotArguments)), Rdx);
        a.Sub(R10, 1);
        a.Jcc(Condition.NotEqual, group);
        a.Vzeroupper();
        a.Pop(Rbp);
        a.Pop(Rbx);
        a.Ret();
    }

    private static VectorRegister Sum(int row, int output) => new((row * Outputs) + output);

    private static VectorRegister Weight(int output) => new(24 + output);

    /// <summary>Rows 0 to 2 count from rsi, 3 to 5 from rbx, by the stride in r8.</summary>
    private static Address XRow(int row) => Strided(row < 3 ? Rsi : Rbx, row % 3, R8);

    /// <summary>Outputs 0 to 2 count from rdx by the stride in r9; output 3 is at rbp.</summary>
    private static Address WeightRow(int output) => Strided(output < 3 ? Rdx : Rbp, output % 3, R9);

    private static Address Strided(GeneralRegister start, int count, GeneralRegister stride) =>
        count == 0 ? new Address(start) : new Address(start, 0, stride, count);

    private static Address Field(string name, Type type) => new(Rdi, (int)System.Runtime.InteropServices.Marshal.OffsetOf(type, name));
}
